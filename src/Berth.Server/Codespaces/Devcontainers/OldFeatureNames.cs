namespace Berth.Server.Codespaces.Devcontainers;

/// <summary>
/// The names of features from before they were published in registries. The reference implementation reads them like this
/// (devcontainers/cli, <c>getBackwardCompatibleFeatureId</c>).
/// </summary>
internal static class OldFeatureNames
{
    private static readonly HashSet<string> Moved = new(StringComparer.Ordinal)
    {
        "aws-cli", "azure-cli", "desktop-lite", "docker-from-docker", "docker-in-docker",
        "dotnet", "git", "git-lfs", "github-cli", "java", "kubectl-helm-minikube", "node",
        "powershell", "python", "ruby", "rust", "sshd", "terraform",
    };

    private static readonly Dictionary<string, (string Name, string? Option)> Renamed = new(StringComparer.Ordinal)
    {
        ["golang"] = ("go", null),
        ["common"] = ("common-utils", null),
        ["gradle"] = ("java", "installGradle"),
        ["maven"] = ("java", "installMaven"),
        ["jupyterlab"] = ("python", "installJupyterlab"),
    };

    /// <summary>True for the name of a feature that was never published in a registry.</summary>
    public static bool IsGone(string id) => id.TrimEnd(':') is "fish" or "homebrew";

    /// <summary>The present name, and an option if the old name implied one. A present name is returned unchanged.</summary>
    public static (string Name, string? Option) Today(string id)
    {
        // A colon without a version means the newest version.
        var name = id.TrimEnd(':');
        return Moved.Contains(name) ? (In(name), null)
            : Renamed.TryGetValue(name, out var renamed) ? (In(renamed.Name), renamed.Option)
            : (name, null);
    }

    private static string In(string name) => $"ghcr.io/devcontainers/features/{name}:1";
}
