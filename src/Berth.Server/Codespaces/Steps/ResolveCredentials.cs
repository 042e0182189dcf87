using Berth.Server.Codespaces.Images;

namespace Berth.Server.Codespaces.Steps;

/// <summary>
/// Collects what this start may show to registries: the codespace's token for Berth's own registry, and the secrets that apply to others.
/// It runs at every start, even when the last container is used again.
/// </summary>
internal sealed class ResolveCredentials(RegistryAccess registries)
{
    public Task<StartCredentials> RunAsync(AdmittedStart start, string token, CancellationToken cancellationToken) =>
        registries.LoadAsync(start.Principal, token, start.Log.Write, start.Log.Mask, cancellationToken);
}
