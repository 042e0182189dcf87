using Berth.Server.Faults;

namespace Berth.Server.Codespaces;

/// <summary>Finds the programs that codespaces need on this machine, and says what is missing.</summary>
internal sealed class CodespaceTools(CodespaceOptions options, IConfiguration configuration)
{
    /// <summary>Where <c>script/server</c> installs what is not a Debian package.</summary>
    private const string OwnTools = ".cache/tools/node_modules/.bin";

    private static readonly Dictionary<string, string> SystemPackages = new(StringComparer.Ordinal)
    {
        ["mkfs.ext4"] = "e2fsprogs",
        ["resize2fs"] = "e2fsprogs",
        ["e2fsck"] = "e2fsprogs",
        ["mount"] = "mount",
        ["umount"] = "mount",
        ["nft"] = "nftables",
        ["env"] = "coreutils",
    };

    private static readonly string[] SystemTools = ["setpriv", "prlimit", "choom", "mkfs.ext4", "mount", "umount", "nft"];

    /// <summary>The only variable of the server's own environment that the tools get.</summary>
    public string SearchPath =>
        configuration["PATH"] is { Length: > 0 } path ? path : "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

    /// <exception cref="FaultException">It is not installed.</exception>
    public string Git() => Find("git") ?? throw Missing("git", "install the package git");

    /// <exception cref="FaultException">It is not installed.</exception>
    public string DevcontainerCli()
    {
        if (!string.IsNullOrEmpty(options.DevcontainerCli))
        {
            return Cli() is { } named
                ? named
                : throw Missing(
                    $"the dev container CLI {options.DevcontainerCli}", "BERTH_DEVCONTAINER_CLI names a file that is not there");
        }

        return Cli() ?? throw Missing("the dev container CLI", "npm install -g @devcontainers/cli, or set BERTH_DEVCONTAINER_CLI");
    }

    /// <exception cref="FaultException">It is not installed.</exception>
    public string DockerClient() => Find("docker") ?? throw Missing("the docker client", "install the package docker.io");

    /// <exception cref="FaultException">It is not installed.</exception>
    public string Bubblewrap() => Find("bwrap") ?? throw Missing("bubblewrap", "install the package bubblewrap");

    /// <summary>Programs of Debian's util-linux, e2fsprogs, nftables and mount.</summary>
    /// <exception cref="FaultException">It is not installed.</exception>
    public string SystemTool(string name) =>
        Find(name) ?? throw Missing(name, $"install the package {SystemPackages.GetValueOrDefault(name, "util-linux")}");

    /// <summary>What the tools consist of that lies outside <c>/usr</c>: a sandbox has to be shown it.</summary>
    public IEnumerable<string> OutsideSystem() =>
        new[] { Find("node"), Find("docker"), Find("git"), Cli() }
            .OfType<string>()
            .Select(PackageOf)
            .Where(path => !path.StartsWith("/usr/", StringComparison.Ordinal))
            .Distinct();

    public string Chown() => Find("chown") ?? throw Missing("chown", "install the package coreutils");

    /// <summary>One line for each thing that is missing, empty when a codespace can start.</summary>
    public IReadOnlyList<string> MissingTools()
    {
        List<string> missing = [];
        foreach (var find in Needed())
        {
            try
            {
                find();
            }
            catch (FaultException exception)
            {
                missing.Add(exception.Message);
            }
        }

        return missing;
    }

    private IEnumerable<Func<string>> Needed() =>
    [
        Git, DevcontainerCli, DockerClient, () => Find("node") ?? throw Missing("node", "install the package nodejs"), Bubblewrap,
        .. SystemTools.Select(name => (Func<string>)(() => SystemTool(name))),
    ];

    /// <summary>The file itself, behind the links of npm: a sandbox shows no folder of links.</summary>
    private string? Cli() =>
        (string.IsNullOrEmpty(options.DevcontainerCli)
            ? Find("devcontainer")
            : File.Exists(options.DevcontainerCli) ? Path.GetFullPath(options.DevcontainerCli) : null) is { } path
            ? RealPath(path)
            : null;

    /// <summary>A program of npm needs the rest of its package; others are one file.</summary>
    private static string PackageOf(string program)
    {
        var real = RealPath(program);
        for (var folder = Path.GetDirectoryName(real);
            real.EndsWith(".js", StringComparison.Ordinal) && folder is { Length: > 1 };
            folder = Path.GetDirectoryName(folder))
        {
            if (File.Exists(Path.Combine(folder, "package.json")))
            {
                return folder;
            }
        }

        return real;
    }

    private static string RealPath(string path) => File.ResolveLinkTarget(path, returnFinalTarget: true)?.FullName ?? path;

    private string? Find(string program) =>
        SearchPath.Split(':', StringSplitOptions.RemoveEmptyEntries).Append(Path.GetFullPath(OwnTools)).Concat(["/usr/sbin", "/sbin"])
            .Select(folder => Path.Combine(folder, program)).FirstOrDefault(File.Exists);

    private static FaultException Missing(string what, string remedy) =>
        new(FaultKind.Host, $"codespaces need {what}, which is not installed on this server: {remedy}");
}
