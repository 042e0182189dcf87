namespace Berth.Server.Codespaces.Steps;

/// <summary>What every start makes anew, also one with the container of the last: machine, token, credentials, environment.</summary>
internal sealed class PrepareStart(PrepareMachine machine, IssueToken token, ResolveCredentials credentials, PrepareEnvironment inside)
{
    public async Task<StartContext> RunAsync(StartContext context, CancellationToken cancellationToken)
    {
        context = await machine.RunAsync(context, cancellationToken);
        context.Progress.Step = StartCause.Token;
        context = await token.RunAsync(context, cancellationToken);
        context.Progress.Step = StartCause.Credentials;
        context = await credentials.RunAsync(context, cancellationToken);
        context.Progress.Step = StartCause.Environment;
        return await inside.RunAsync(context, cancellationToken);
    }

    /// <summary>The network, which only containers need: it is made while the rest goes on.</summary>
    public Task NetworkAsync(StartContext context, CancellationToken cancellationToken) => machine.NetworkAsync(context, cancellationToken);
}
