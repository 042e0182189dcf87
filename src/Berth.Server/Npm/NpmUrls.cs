using Berth.Server.Access;
using Berth.Server.Http;

namespace Berth.Server.Npm;

/// <summary>
/// The addresses that clients are given. A tarball's address is below the registry's, so that npm sends its token there too.
/// </summary>
internal sealed class NpmUrls(AddressOptions options)
{
    /// <summary>The registry's URL, without a slash at the end.</summary>
    public string Base { get; } = options.NpmUrl;

    public string Tarball(PackageAddress address, string version) => $"{Base}/{address}/-/{FileName(address, version)}";

    public string Attestations(PackageAddress address, string version) => $"{Base}/-/npm/v1/attestations/{address}@{version}";

    public static string FileName(PackageAddress address, string version) => $"{address.Name}-{version}.tgz";

    /// <summary>Null when the file's name is not one of the package's tarballs.</summary>
    public static string? VersionOf(PackageAddress address, string file) =>
        file.StartsWith(address.Name + "-", StringComparison.Ordinal) && file.EndsWith(".tgz", StringComparison.Ordinal)
            && file.Length > address.Name.Length + 5
            ? file[(address.Name.Length + 1)..^4]
            : null;
}
