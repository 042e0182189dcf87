namespace Berth.Server.Codespaces.Isolation;

/// <summary>Capabilities that repositories, images and features ask for (capabilities(7)), with or without <c>CAP_</c>.</summary>
internal static class Capabilities
{
    /// <summary>The capability that debuggers need. It shows only the processes of the container itself.</summary>
    private const string Trace = "SYS_PTRACE";

    /// <summary>The capabilities that the engine gives to every container.</summary>
    private static readonly string[] Default =
    [
        "AUDIT_WRITE", "CHOWN", "DAC_OVERRIDE", "FOWNER", "FSETID", "KILL", "MKNOD", "NET_BIND_SERVICE", "NET_RAW", "SETFCAP", "SETGID",
        "SETPCAP", "SETUID", "SYS_CHROOT",
    ];

    public static bool IsDebugging(string name) => NameOf(name) == Trace;

    /// <summary>True for a capability that a container gets when it asks for it, or has anyway.</summary>
    public static bool IsGiven(string name) => IsDebugging(name) || Default.Contains(NameOf(name));

    private static string NameOf(string name)
    {
        var upper = name.Trim().ToUpperInvariant();
        return upper.StartsWith("CAP_", StringComparison.Ordinal) ? upper[4..] : upper;
    }
}
