using Berth.Server.Settings;

namespace Berth.Server.Codespaces;

/// <summary>Finds the programs that codespaces need on this machine, and says what is missing.</summary>
internal sealed class CodespaceTools(BerthOptions options, IConfiguration configuration)
{
    /// <summary>Where <c>script/server</c> installs what is not a Debian package.</summary>
    private const string OwnTools = ".cache/tools/node_modules/.bin";

    /// <summary>The only variable of the server's own environment that the tools get.</summary>
    public string SearchPath => configuration["PATH"] is { Length: > 0 } path ? path : "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

    /// <exception cref="CodespaceFaultException">It is not installed.</exception>
    public string Git() => Find("git") ?? throw Missing("git", "install the package git");

    /// <exception cref="CodespaceFaultException">It is not installed.</exception>
    public string DevcontainerCli()
    {
        if (!string.IsNullOrEmpty(options.DevcontainerCli))
        {
            return File.Exists(options.DevcontainerCli)
                ? Path.GetFullPath(options.DevcontainerCli)
                : throw Missing($"the dev container CLI {options.DevcontainerCli}", "BERTH_DEVCONTAINER_CLI names a file that is not there");
        }

        return Find("devcontainer") ?? throw Missing("the dev container CLI", "npm install -g @devcontainers/cli, or set BERTH_DEVCONTAINER_CLI");
    }

    /// <exception cref="CodespaceFaultException">It is not installed.</exception>
    public string DockerClient() => Find("docker") ?? throw Missing("the docker client", "install the package docker.io");

    public string Chown() => Find("chown") ?? throw Missing("chown", "install the package coreutils");

    /// <summary>One line for each thing that is missing, empty when a codespace can start.</summary>
    public IReadOnlyList<string> MissingTools()
    {
        List<string> missing = [];
        foreach (var find in new Func<string>[] { Git, DevcontainerCli, DockerClient, () => Find("node") ?? throw Missing("node", "install the package nodejs") })
        {
            try
            {
                find();
            }
            catch (CodespaceFaultException exception)
            {
                missing.Add(exception.Message);
            }
        }

        return missing;
    }

    private string? Find(string program) =>
        SearchPath.Split(':', StringSplitOptions.RemoveEmptyEntries).Append(Path.GetFullPath(OwnTools)).Select(folder => Path.Combine(folder, program)).FirstOrDefault(File.Exists);

    private static CodespaceFaultException Missing(string what, string remedy) => new($"codespaces need {what}, which is not installed on this server: {remedy}");
}
