using Berth.Server.Codespaces.Images;

namespace Berth.Server.Codespaces.Steps;

/// <summary>
/// Collects what this start may show to registries: the codespace's token for Berth's own, and the sets of secrets that count for others.
/// Runs at every start, also when the container of the last one is used again.
/// </summary>
internal sealed class ResolveCredentials(RegistryAccess registries)
{
    public async Task<StartContext> RunAsync(StartContext context, CancellationToken cancellationToken) => context with
    {
        Credentials = await registries.LoadAsync(context.Principal, context.Token, context.Log.Write, context.Log.Mask, cancellationToken),
    };
}
