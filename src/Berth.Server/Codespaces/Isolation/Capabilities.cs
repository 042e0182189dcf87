namespace Berth.Server.Codespaces.Isolation;

/// <summary>Capabilities that repositories, images and features ask for (capabilities(7)), with or without <c>CAP_</c>.</summary>
internal static class Capabilities
{
    /// <summary>What debuggers need. Its holder sees the processes of its own container alone.</summary>
    private const string Trace = "SYS_PTRACE";

    /// <summary>The engine gives them to every container.</summary>
    private static readonly string[] Default =
    [
        "AUDIT_WRITE", "CHOWN", "DAC_OVERRIDE", "FOWNER", "FSETID", "KILL", "MKNOD", "NET_BIND_SERVICE", "NET_RAW", "SETFCAP", "SETGID",
        "SETPCAP", "SETUID", "SYS_CHROOT",
    ];

    public static bool IsDebugging(string name) => NameOf(name) == Trace;

    /// <summary>A container gets it when it is asked for, or has it anyway.</summary>
    public static bool IsGiven(string name) => IsDebugging(name) || Default.Contains(NameOf(name));

    private static string NameOf(string name)
    {
        var upper = name.Trim().ToUpperInvariant();
        return upper.StartsWith("CAP_", StringComparison.Ordinal) ? upper[4..] : upper;
    }
}
