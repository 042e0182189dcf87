namespace Berth.Server.Codespaces.Steps;

/// <summary>What every start makes anew, also one with the container of the last: machine, token, credentials, environment.</summary>
internal sealed class PrepareStart(
    ChoosePrebuild choose, PrepareMachine machine, IssueToken token, ResolveCredentials credentials, PrepareEnvironment inside)
{
    public async Task<PreparedStart> RunAsync(AdmittedStart start, CancellationToken cancellationToken)
    {
        var prebuild = await choose.RunAsync(start, cancellationToken);
        var given = await machine.RunAsync(start, cancellationToken);
        start.Progress.Step = StartCause.Token;
        var secret = await token.RunAsync(start, cancellationToken);
        start.Progress.Step = StartCause.Credentials;
        var shown = await credentials.RunAsync(start, secret, cancellationToken);
        start.Progress.Step = StartCause.Environment;
        return new PreparedStart(start, given, shown, await inside.RunAsync(start, secret, shown, cancellationToken))
        {
            Prebuild = prebuild,
        };
    }

    /// <summary>The network, which only containers need: it is made while the rest goes on.</summary>
    public Task NetworkAsync(AdmittedStart start, CancellationToken cancellationToken) => machine.NetworkAsync(start, cancellationToken);
}
