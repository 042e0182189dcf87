using Berth.Server.Codespaces.Images;

namespace Berth.Server.Codespaces.Steps;

/// <summary>
/// Collects what this start may show to registries: the codespace's token for Berth's own. Runs at every start, also when the container of the last one is
/// used again.
/// </summary>
internal sealed class ResolveCredentials
{
    public Task<StartContext> RunAsync(StartContext context, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        return Task.FromResult(context with { Credentials = new StartCredentials(context.Principal, context.Token, context.Log.Write) });
    }
}
