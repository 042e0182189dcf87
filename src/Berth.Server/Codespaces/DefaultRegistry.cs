using Berth.Server.Oci;

namespace Berth.Server.Codespaces;

/// <summary>The registry of images that a repository names without one: Docker Hub, or what the operator put in its place.</summary>
internal sealed record DefaultRegistry(RegistryHost Host)
{
    public static DefaultRegistry Of(CodespaceOptions options) => RegistryHost.TryParse(options.DefaultRegistry, out var host)
        ? new DefaultRegistry(host)
        : throw new InvalidOperationException($"'{options.DefaultRegistry}' passed as the name of a registry");
}
