namespace Berth.Server.Codespaces.Steps;

/// <summary>The codespace's disk is there.</summary>
/// <param name="Prebuild">Whose workspace lies on it; null: it is as it was.</param>
internal sealed record StartDisk(Machine Machine, ChosenPrebuild? Prebuild);

/// <summary>What every start makes anew, also one with the container of the last: machine, token, credentials, environment.</summary>
internal sealed class PrepareStart(
    ChoosePrebuild choose, PrepareMachine machine, IssueToken token, ResolveCredentials credentials, PrepareEnvironment inside)
{
    public async Task<PreparedStart> RunAsync(AdmittedStart start, StartDisk disk, CancellationToken cancellationToken)
    {
        start.Progress.Step = StartCause.Token;
        var secret = await token.RunAsync(start, cancellationToken);
        start.Progress.Step = StartCause.Credentials;
        var shown = await credentials.RunAsync(start, secret, cancellationToken);
        start.Progress.Step = StartCause.Environment;
        return new PreparedStart(start, disk.Machine, shown, await inside.RunAsync(start, secret, shown, cancellationToken))
        {
            Prebuild = disk.Prebuild,
        };
    }

    /// <summary>The disk, before anything is written.</summary>
    public async Task<StartDisk> DiskAsync(AdmittedStart start, CancellationToken cancellationToken)
    {
        var prebuild = await choose.RunAsync(start, cancellationToken);
        return new StartDisk(await machine.RunAsync(start, cancellationToken), prebuild);
    }

    /// <summary>The network, which only containers need: it is made while the rest goes on.</summary>
    public Task<string?> NetworkAsync(AdmittedStart start, Task disk, CancellationToken cancellationToken) =>
        machine.NetworkAsync(start, disk, cancellationToken);
}
