using Berth.Server.Oci;

namespace Berth.Server.Codespaces;

/// <summary>
/// The registry for image names that do not name one: Docker Hub, or the one that the operator configured instead.
/// </summary>
internal sealed record DefaultRegistry(RegistryHost Host)
{
    public static DefaultRegistry Of(CodespaceOptions options) => RegistryHost.TryParse(options.DefaultRegistry, out var host)
        ? new DefaultRegistry(host)
        : throw new InvalidOperationException($"'{options.DefaultRegistry}' passed as the name of a registry");
}
