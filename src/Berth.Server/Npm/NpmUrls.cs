using Berth.Server.Access;
using Berth.Server.Http;

namespace Berth.Server.Npm;

/// <summary>
/// The addresses that clients are given. A tarball lies below the registry's own, so that npm sends its token along.
/// </summary>
internal sealed class NpmUrls(AddressOptions options)
{
    /// <summary>Where the registry is, without a slash at the end.</summary>
    public string Base { get; } = options.NpmUrl;

    public string Tarball(PackageAddress address, string version) => $"{Base}/{address}/-/{FileName(address, version)}";

    public string Attestations(PackageAddress address, string version) => $"{Base}/-/npm/v1/attestations/{address}@{version}";

    public static string FileName(PackageAddress address, string version) => $"{address.Name}-{version}.tgz";

    /// <summary>Null where it is no name of a tarball of the package.</summary>
    public static string? VersionOf(PackageAddress address, string file) =>
        file.StartsWith(address.Name + "-", StringComparison.Ordinal) && file.EndsWith(".tgz", StringComparison.Ordinal)
            && file.Length > address.Name.Length + 5
            ? file[(address.Name.Length + 1)..^4]
            : null;
}
