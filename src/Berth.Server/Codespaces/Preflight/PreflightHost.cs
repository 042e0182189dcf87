using System.Runtime.InteropServices;
using Berth.Server.Codespaces.Devcontainers;
using Berth.Server.Codespaces.Docker;
using Berth.Server.Codespaces.Engine;
using Berth.Server.Oci;

namespace Berth.Server.Codespaces.Preflight;

/// <summary>What a pre-flight needs to know about the host on which a codespace would start.</summary>
internal sealed class PreflightHost(IContainerEngine engine, ImageDefaults defaults, DockerHost docker)
{
    public ImageDefaults Defaults => defaults;

    /// <summary>Says whether codespaces that ask for docker inside get it.</summary>
    public string DockerLine => docker.Line;

    /// <summary>The platform of the engine. Without an engine, that of this machine.</summary>
    public async Task<Platform> PlatformAsync(CancellationToken cancellationToken)
    {
        try
        {
            return await engine.PlatformAsync(cancellationToken);
        }
        catch (EngineException)
        {
            return new Platform(
                "linux",
                RuntimeInformation.OSArchitecture switch { Architecture.X64 => "amd64", var other => other.ToString().ToLowerInvariant() },
                null);
        }
    }
}
