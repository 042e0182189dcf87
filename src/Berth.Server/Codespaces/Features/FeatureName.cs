using Berth.Server.Codespaces.Devcontainers;
using Berth.Server.Faults;
using Berth.Server.Oci;

namespace Berth.Server.Codespaces.Features;

/// <summary>Which feature is meant (containers.dev, "Referencing a Feature"): one in a registry, or a folder of the repository.</summary>
/// <param name="Image">In a registry; null for a folder.</param>
/// <param name="Folder">Path within the checkout; null for one in a registry.</param>
internal sealed record FeatureName(string Text, ImageReference? Image, string? Folder)
{
    private static readonly string[] Engines = ["docker-in-docker", "docker-outside-of-docker", "docker-from-docker"];

    /// <summary>Without version: what orders of installation name.</summary>
    public string Resource => Image?.Repository ?? "./" + Folder;

    /// <param name="where">For messages: the file that names it.</param>
    /// <exception cref="FaultException">It is no feature that codespaces install.</exception>
    public static FeatureName Parse(string id, Checkout checkout, string folder, string where)
    {
        id = OldFeatureNames.Today(id).Name;
        RefuseEngines(id, where);
        if (id.StartsWith("./", StringComparison.Ordinal) || id.StartsWith("../", StringComparison.Ordinal))
        {
            var path = checkout.Locate(folder, id, $"{where}: the feature {id}");
            return checkout.KindOf(path) == FileKind.Folder
                ? new FeatureName(id, null, path)
                : throw new FaultException(FaultKind.Configuration, $"{where}: the feature {id} is no folder of the repository");
        }

        if (id.Contains("://", StringComparison.Ordinal))
        {
            throw new FaultException(
                FaultKind.Configuration,
                $"{where}: the feature {id} is an archive at a URL, of which nobody knows what it will be tomorrow",
                "publish it to a registry (devcontainer features publish), or keep it in the repository as ./FOLDER");
        }

        var slash = id.IndexOf('/', StringComparison.Ordinal);
        if (slash < 0 || !ImageReference.TryParse(id, checkout.DefaultRegistry, out var image, out _))
        {
            throw new FaultException(
                FaultKind.Configuration,
                $"{where}: '{id}' is no feature; write it with its registry, such as ghcr.io/devcontainers/features/go:1, or ./FOLDER for "
                    + "one in the repository");
        }

        return new FeatureName(id, image, null);
    }

    private static void RefuseEngines(string id, string where)
    {
        var name = id.Split('@')[0].Split('/')[^1].Split(':')[0];
        if (Engines.Contains(name, StringComparer.OrdinalIgnoreCase))
        {
            throw NeedsEngine($"{where}: the feature {id}", name == "docker-in-docker" ? "privileged mode" : "the host's container engine");
        }
    }

    public static FaultException NeedsEngine(string who, string what) => new(
        FaultKind.Configuration,
        $"{who} needs {what}, and with it a codespace would have the whole host. "
        + "What works instead: skopeo, crane, oras and helm need no engine; images are built in CI; services run beside the codespace "
        + "with dockerComposeFile");
}
