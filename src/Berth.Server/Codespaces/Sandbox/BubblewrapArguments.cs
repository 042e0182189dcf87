namespace Berth.Server.Codespaces.Sandbox;

/// <summary>
/// Writes the command line of bubblewrap for one view. As root the sandbox is made with the server's rights and the process then becomes
/// the view's user for good (setpriv: no capabilities, none to be had); user namespaces are not needed. As anybody else the namespaces of
/// an unprivileged user are all there is.
/// </summary>
internal static class BubblewrapArguments
{
    /// <summary>
    /// More than git with its helpers needs, and little enough for a fork bomb to end in itself.
    /// </summary>
    private const int MaxProcesses = 512;

    private const int MaxOpenFiles = 4096;
    private const long MaxDataBytes = 4L << 30;
    private const long TemporaryBytes = 256L << 20;

    /// <summary>
    /// Of /etc a process sees how names are resolved and what is trusted, nothing of the machine's accounts and services.
    /// </summary>
    private static readonly string[] Etc =
    [
        "/etc/resolv.conf", "/etc/hosts", "/etc/nsswitch.conf", "/etc/host.conf", "/etc/gai.conf", "/etc/services", "/etc/protocols",
        "/etc/ssl/certs",
        "/etc/ssl/openssl.cnf", "/etc/pki/tls/certs", "/etc/pki/ca-trust/extracted", "/etc/ld.so.cache", "/etc/alternatives",
        "/etc/localtime",
    ];

    private static readonly string[] SystemLinks = ["/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32"];

    /// <param name="isRoot">Whether the server is.</param>
    /// <param name="folder">Where it runs; must be visible.</param>
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

        // Into the folder as the user, who alone may enter it.
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

        // What lies inside another path comes after it, and is therefore seen.
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

    /// <summary>bubblewrap itself would make them as the server's umask says, which is often "for nobody else".</summary>
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

    /// <summary>The first to go when the machine runs out of memory; no core files, no end of processes and open files.</summary>
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
