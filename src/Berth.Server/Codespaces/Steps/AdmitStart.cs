namespace Berth.Server.Codespaces.Steps;

/// <summary>May this start be, and can it be here? Before anything of it is made.</summary>
internal sealed class AdmitStart(CheckHost host, CheckReadAccess reading)
{
    public async Task<AdmittedStart> RunAsync(BegunStart start, CancellationToken cancellationToken)
    {
        var engine = await host.RunAsync(start.Log, cancellationToken);
        start.Progress.Step = StartCause.Access;
        return new AdmittedStart(start, engine, await reading.RunAsync(start.Codespace, cancellationToken));
    }
}
