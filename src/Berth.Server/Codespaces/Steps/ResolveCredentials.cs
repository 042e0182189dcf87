using Berth.Server.Codespaces.Images;

namespace Berth.Server.Codespaces.Steps;

/// <summary>
/// Collects what this start may show to registries: the codespace's token for Berth's own, and the sets of secrets that count for others.
/// Runs at every start, also when the container of the last one is used again.
/// </summary>
internal sealed class ResolveCredentials(RegistryAccess registries)
{
    public Task<StartCredentials> RunAsync(AdmittedStart start, string token, CancellationToken cancellationToken) =>
        registries.LoadAsync(start.Principal, token, start.Log.Write, start.Log.Mask, cancellationToken);
}
