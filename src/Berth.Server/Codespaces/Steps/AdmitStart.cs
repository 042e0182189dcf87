namespace Berth.Server.Codespaces.Steps;

/// <summary>Checks that the start is allowed and that this host can run it, before anything is made for it.</summary>
internal sealed class AdmitStart(CheckHost host, CheckReadAccess reading)
{
    public async Task<AdmittedStart> RunAsync(BegunStart start, CancellationToken cancellationToken)
    {
        var engine = await host.RunAsync(start.Log, cancellationToken);
        start.Progress.Step = StartCause.Access;
        return new AdmittedStart(start, engine, await reading.RunAsync(start.Codespace, cancellationToken));
    }
}
