using Berth.Server.Faults;

namespace Berth.Server.Codespaces;

/// <summary>Finds the programs that codespaces need on this machine, and says what is missing.</summary>
internal sealed class CodespaceTools(IConfiguration configuration)
{
    private static readonly Dictionary<string, string> SystemPackages = new(StringComparer.Ordinal)
    {
        ["mkfs.ext4"] = "e2fsprogs",
        ["resize2fs"] = "e2fsprogs",
        ["e2fsck"] = "e2fsprogs",
        ["mount"] = "mount",
        ["umount"] = "mount",
        ["nft"] = "nftables",
        ["cp"] = "coreutils",
        ["env"] = "coreutils",
        ["ldd"] = "libc-bin",
        ["sleep"] = "coreutils",
    };

    /// <summary>The programs of which a codespace's own engine is made. rootlesskit calls <c>ip</c>.</summary>
    private static readonly Dictionary<string, string> ForDocker = new(StringComparer.Ordinal)
    {
        ["dockerd"] = "docker.io",
        ["rootlesskit"] = "rootlesskit",
        ["slirp4netns"] = "slirp4netns",
        ["newuidmap"] = "uidmap",
        ["iptables"] = "iptables",
        ["ip"] = "iproute2",
        ["unshare"] = "util-linux",
        ["setsid"] = "util-linux",
    };

    /// <summary>The Debian packages of all these programs.</summary>
    public static IEnumerable<string> Packages =>
        SystemPackages.Values.Concat(ForDocker.Values).Concat(["git", "bubblewrap", "util-linux"]).Distinct();

    private static readonly string[] SystemTools = ["setpriv", "prlimit", "choom", "mkfs.ext4", "mount", "umount", "nft"];

    /// <summary>The only variable of the server's own environment that the tools get.</summary>
    public string SearchPath =>
        configuration["PATH"] is { Length: > 0 } path ? path : "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

    /// <exception cref="FaultException">It is not installed.</exception>
    public string Git() => Find("git") ?? throw Missing("git", "install the package git");

    /// <exception cref="FaultException">It is not installed.</exception>
    public string Bubblewrap() => Find("bwrap") ?? throw Missing("bubblewrap", "install the package bubblewrap");

    /// <summary>Programs of Debian's util-linux, e2fsprogs, nftables and mount.</summary>
    /// <exception cref="FaultException">It is not installed.</exception>
    public string SystemTool(string name) =>
        Find(name) ?? throw Missing(name, $"install the package {SystemPackages.GetValueOrDefault(name, "util-linux")}");

    /// <summary>The path of git if it lies outside <c>/usr</c>. A sandbox does not see it unless it is mounted.</summary>
    public IEnumerable<string> OutsideSystem() =>
        new[] { Find("git") }.OfType<string>()
            .Select(path => File.ResolveLinkTarget(path, returnFinalTarget: true)?.FullName ?? path)
            .Where(path => !path.StartsWith("/usr/", StringComparison.Ordinal));

    public string Chown() => Find("chown") ?? throw Missing("chown", "install the package coreutils");

    /// <summary>Says what this machine lacks for a codespace's own engine. Null when nothing is missing.</summary>
    public string? MissingForDocker() =>
        ForDocker.Where(program => Find(program.Key) is null).Select(program => program.Value).Distinct().ToList()
            is { Count: > 0 } packages
            ? $"install the package{(packages.Count == 1 ? "" : "s")} {string.Join(", ", packages)}"
            : null;

    /// <summary>One line for each missing thing. Empty when a codespace can start.</summary>
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
        Git, Bubblewrap,
        .. SystemTools.Select(name => (Func<string>)(() => SystemTool(name))),
    ];

    private string? Find(string program) =>
        SearchPath.Split(':', StringSplitOptions.RemoveEmptyEntries).Concat(["/usr/sbin", "/sbin"])
            .Select(folder => Path.Combine(folder, program)).FirstOrDefault(File.Exists);

    private static FaultException Missing(string what, string remedy) =>
        new(FaultKind.Host, $"codespaces need {what}, which is not installed on this server: {remedy}");
}
