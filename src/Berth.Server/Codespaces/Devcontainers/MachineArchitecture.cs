using System.Runtime.InteropServices;
using Berth.Server.Oci;

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

    /// <summary>Reads a Linux platform in any spelling that docker accepts. Null: it names none.</summary>
    public static Platform? Parse(string platform)
    {
        var parts = platform.Trim().ToLowerInvariant().Split('/');
        var named = parts[0] == "linux" ? parts[1..] : parts;
        return (named.Length > 0 ? Known(named[0]) : "", named) switch
        {
            ("arm", [_]) => new Platform("linux", "arm", "v7"),
            ("arm64", [_] or [_, "v8"]) => new Platform("linux", "arm64", null),
            (("amd64" or "386" or "ppc64le" or "s390x" or "riscv64" or "mips64le" or "loong64") and var name, [_]) =>
                new Platform("linux", name, null),
            (("amd64" or "arm") and var name, [_, ['v', >= '1' and <= '9'] variant]) => new Platform("linux", name, variant),
            _ => null,
        };
    }

    private static string Known(string name) => name switch
    {
        "x86_64" or "x86-64" => "amd64",
        "aarch64" => "arm64",
        "armhf" => "arm",
        "i386" => "386",
        _ => name,
    };
}
