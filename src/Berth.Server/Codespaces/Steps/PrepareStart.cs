namespace Berth.Server.Codespaces.Steps;

/// <summary>
/// Prepares what every start makes anew, even when it uses the last container again: machine, token, credentials, environment.
/// </summary>
internal sealed class PrepareStart(
    ChoosePrebuild choose, PrepareMachine machine, IssueToken token, ResolveCredentials credentials, PrepareEnvironment inside)
{
    /// <param name="network">Ends when the codespace has its network.</param>
    public async Task<PreparedStart> RunAsync(AdmittedStart start, Task network, CancellationToken cancellationToken)
    {
        var disk = DiskAsync(start, cancellationToken);
        await using var _ = new BegunTask(disk);
        start.Progress.Step = StartCause.Token;
        var secret = await token.RunAsync(start, cancellationToken);
        start.Progress.Step = StartCause.Credentials;
        var shown = await credentials.RunAsync(start, secret, cancellationToken);
        start.Progress.Step = StartCause.Environment;
        var environment = await inside.RunAsync(start, secret, shown, cancellationToken);
        start.Progress.Step = StartCause.Machine;
        var (prebuild, given) = await disk;
        return new PreparedStart(start, network, given, shown, environment)
        {
            Prebuild = prebuild,
        };
    }

    /// <summary>Copies a prebuild's files to the disk before it mounts the disk.</summary>
    private async Task<(ChosenPrebuild? Prebuild, Machine Machine)> DiskAsync(AdmittedStart start, CancellationToken cancellationToken)
    {
        var prebuild = await choose.RunAsync(start, cancellationToken);
        return (prebuild, await machine.RunAsync(start, cancellationToken));
    }

    /// <summary>Makes the network. Only containers need it, so the rest of the start goes on meanwhile.</summary>
    public Task NetworkAsync(AdmittedStart start, CancellationToken cancellationToken) => machine.NetworkAsync(start, cancellationToken);
}
