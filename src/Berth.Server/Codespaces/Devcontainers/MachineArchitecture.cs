using System.Runtime.InteropServices;

namespace Berth.Server.Codespaces.Devcontainers;

/// <summary>What this machine's processor is called by docker.</summary>
internal static class MachineArchitecture
{
    public static string Name => RuntimeInformation.OSArchitecture switch
    {
        Architecture.X64 => "amd64",
        Architecture.Arm64 => "arm64",
        var other => other.ToString().ToLowerInvariant(),
    };
}
