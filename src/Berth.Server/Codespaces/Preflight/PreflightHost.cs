using System.Runtime.InteropServices;
using Berth.Server.Codespaces.Docker;
using Berth.Server.Codespaces.Engine;
using Berth.Server.Oci;

namespace Berth.Server.Codespaces.Preflight;

/// <summary>What a pre-flight has to know of the host that a codespace would start on.</summary>
internal sealed class PreflightHost(IContainerEngine engine, DefaultRegistry registry, DockerHost docker)
{
    public RegistryHost DefaultRegistry => registry.Host;

    /// <summary>What becomes of the wish for docker inside.</summary>
    public string DockerLine => docker.Line;

    /// <summary>The engine's; without one, this machine's.</summary>
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
