using System.Runtime.InteropServices;

namespace Berth.Server.Codespaces.Devcontainers;

/// <summary>Docker's name for this machine's processor architecture.</summary>
internal static class MachineArchitecture
{
    public static string Name => RuntimeInformation.OSArchitecture switch
    {
        Architecture.X64 => "amd64",
        Architecture.Arm64 => "arm64",
        var other => other.ToString().ToLowerInvariant(),
    };

    /// <summary>
    /// True for this machine's platform, in any spelling that docker accepts: <c>linux/amd64</c>, <c>linux/x86_64</c>, <c>amd64</c>,
    /// <c>linux</c>.
    /// </summary>
    public static bool IsOwn(string platform, string? own = null)
    {
        var parts = platform.Trim().ToLowerInvariant().Split('/');
        var named = parts[0] == "linux" ? parts.AsSpan(1) : parts.AsSpan();
        return named.Length == 0 || (named.Length <= 2 && Known(named[0]) == (own ?? Name));
    }

    private static string Known(string name) => name switch
    {
        "x86_64" or "x86-64" => "amd64",
        "aarch64" => "arm64",
        _ => name,
    };
}
