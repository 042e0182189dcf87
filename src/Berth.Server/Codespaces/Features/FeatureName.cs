using Berth.Server.Codespaces.Devcontainers;
using Berth.Server.Faults;
using Berth.Server.Oci;

namespace Berth.Server.Codespaces.Features;

/// <summary>
/// The name of a feature (containers.dev, "Referencing a Feature"): a feature in a registry, a folder of the repository, or an archive.
/// </summary>
/// <param name="Image">The name in a registry. Null for the other kinds.</param>
/// <param name="Folder">The path within the checkout. Null for the other kinds.</param>
internal sealed record FeatureName(string Text, ImageReference? Image, string? Folder)
{
    /// <summary>The URL of its archive. Null for the other kinds.</summary>
    public Uri? Address { get; init; }

    /// <summary>The name without its version, as orders of installation use it.</summary>
    public string Resource => Image?.Repository ?? Address?.ToString() ?? "./" + Folder;

    /// <exception cref="FaultException">Codespaces do not install such a feature.</exception>
    public static FeatureName Parse(string id, Checkout checkout, string folder, string where)
    {
        id = OldFeatureNames.Today(id).Name;
        if (id.StartsWith("./", StringComparison.Ordinal) || id.StartsWith("../", StringComparison.Ordinal))
        {
            var path = checkout.Locate(folder, id, $"{where}: the feature {id}");
            return checkout.KindOf(path) == FileKind.Folder
                ? new FeatureName(id, null, path)
                : throw new FaultException(FaultKind.Configuration, $"{where}: the feature {id} is no folder of the repository");
        }

        if (id.Contains("://", StringComparison.Ordinal))
        {
            return Uri.TryCreate(id, UriKind.Absolute, out var address) && address is { Scheme: "https", UserInfo: "" }
                ? new FeatureName(id, null, null) { Address = address }
                : throw new FaultException(
                    FaultKind.Configuration, $"{where}: the feature {id} is no archive at an https URL without a login",
                    "publish it to a registry (devcontainer features publish), or keep it in the repository as ./FOLDER");
        }

        var slash = id.IndexOf('/', StringComparison.Ordinal);
        if (slash < 0 || !ImageReference.TryParse(id, checkout.Defaults.Registry, out var image, out _))
        {
            throw new FaultException(
                FaultKind.Configuration,
                $"{where}: '{id}' is no feature; write it with its registry, such as ghcr.io/devcontainers/features/go:1, or ./FOLDER for "
                    + "one in the repository");
        }

        return new FeatureName(id, image, null);
    }
}
