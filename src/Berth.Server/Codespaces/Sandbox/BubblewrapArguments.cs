namespace Berth.Server.Codespaces.Sandbox;

/// <summary>
/// Writes the command line of bubblewrap for one view. If the server is root, it makes the sandbox with its own rights. The process then
/// becomes the view's user for good, without capabilities and without a way to get any (setpriv), and no user namespace is needed. If the
/// server is not root, only the namespaces of an unprivileged user are available.
/// </summary>
internal static class BubblewrapArguments
{
    /// <summary>More than git and its helpers need, but few enough that a fork bomb harms only itself.</summary>
    private const int MaxProcesses = 512;

    private const int MaxOpenFiles = 4096;
    private const long MaxDataBytes = 4L << 30;
    private const long TemporaryBytes = 256L << 20;

    /// <summary>
    /// The files of /etc that a process sees: those for name resolution and trusted certificates, but none of the machine's accounts and
    /// services.
    /// </summary>
    private static readonly string[] Etc =
    [
        "/etc/resolv.conf", "/etc/hosts", "/etc/nsswitch.conf", "/etc/host.conf", "/etc/gai.conf", "/etc/services", "/etc/protocols",
        "/etc/ssl/certs",
        "/etc/ssl/openssl.cnf", "/etc/pki/tls/certs", "/etc/pki/ca-trust/extracted", "/etc/ld.so.cache", "/etc/alternatives",
        "/etc/localtime",
    ];

    private static readonly string[] SystemLinks = ["/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32"];

    /// <param name="folder">The view must show it.</param>
    public static List<string> Of(SandboxView view, CodespaceTools tools, bool isRoot, IEnumerable<string> command, string folder)
    {
        List<string> arguments =
        [
            "--unshare-pid", "--unshare-ipc", "--unshare-uts", "--unshare-cgroup-try", .. view.Network ? [] : new[] { "--unshare-net" },
            "--hostname", SandboxView.UserName, "--die-with-parent", "--new-session",
            .. isRoot
                ? ["--cap-drop", "ALL", "--cap-add", "CAP_SETUID", "--cap-add", "CAP_SETGID", "--cap-add", "CAP_SETPCAP"]
                : new[] { "--unshare-user", "--disable-userns" },
            "--ro-bind", "/usr", "/usr",
        ];
        foreach (var link in SystemLinks.Where(Path.Exists))
        {
            arguments.AddRange(new DirectoryInfo(link).LinkTarget is { } target ? ["--symlink", target, link] : ["--ro-bind", link, link]);
        }

        arguments.AddRange(["--proc", "/proc", "--dev", "/dev", "--size", $"{TemporaryBytes}", "--perms", "1777", "--tmpfs", "/tmp"]);
        AddPaths(arguments, view, tools);

        // Change to the folder as the user, since only that user may enter it.
        arguments.AddRange(
            [
                "--remount-ro", "/", "--chdir", "/", "--", .. Limits(tools), .. isRoot ? Become(tools, view.User) : [],
                tools.SystemTool("env"), "--chdir=" + folder, "--", .. command,
            ]);
        return arguments;
    }

    private static void AddPaths(List<string> arguments, SandboxView view, CodespaceTools tools)
    {
        var paths = new List<(string Path, string Option)>();
        paths.AddRange(Etc.Where(Path.Exists).Concat(tools.OutsideSystem()).Concat(view.ReadOnly).Select(path => (path, "--ro-bind")));
        paths.AddRange(view.Writable.Concat(view.Home is null ? [] : [view.Home]).Select(path => (path, "--bind")));

        // A path inside another must come after it, so that it is not covered.
        HashSet<string> made = new(StringComparer.Ordinal) { "/usr", "/tmp", "/proc", "/dev" };
        List<string> bound = ["/usr"];
        foreach (var (path, option) in paths.DistinctBy(entry => entry.Path).OrderBy(entry => entry.Path.Length))
        {
            AddParents(arguments, path, made, bound);
            arguments.AddRange([option, path, path]);
            bound.Add(path);
        }

        AddParents(arguments, "/etc/passwd", made, bound);
        arguments.AddRange(
            ["--ro-bind", Path.Combine(view.Files, "passwd"), "/etc/passwd", "--ro-bind", Path.Combine(view.Files, "group"), "/etc/group"]);
    }

    /// <summary>Makes parent folders. bubblewrap itself would give them the server's umask, which often shuts out everybody else.</summary>
    private static void AddParents(List<string> arguments, string path, HashSet<string> made, List<string> bound)
    {
        for (var next = path.IndexOf('/', 1); next > 0; next = path.IndexOf('/', next + 1))
        {
            var parent = path[..next];
            if (made.Add(parent) && !bound.Any(other => parent == other || parent.StartsWith(other + "/", StringComparison.Ordinal)))
            {
                arguments.AddRange(["--perms", "0755", "--dir", parent]);
            }
        }
    }

    /// <summary>
    /// The process is the first to end when the machine runs out of memory. It writes no core files, and its processes and open files are
    /// limited.
    /// </summary>
    private static string[] Limits(CodespaceTools tools) =>
    [
        tools.SystemTool("choom"), "-n", "1000", "--", tools.SystemTool("prlimit"), $"--nproc={MaxProcesses}", $"--nofile={MaxOpenFiles}",
        $"--data={MaxDataBytes}",
        "--core=0", "--memlock=65536", "--msgqueue=0", "--",
    ];

    private static string[] Become(CodespaceTools tools, int user) =>
    [
        tools.SystemTool("setpriv"), $"--reuid={user}", $"--regid={user}", "--clear-groups", "--inh-caps=-all", "--ambient-caps=-all",
        "--bounding-set=-all",
        "--no-new-privs", "--",
    ];
}
