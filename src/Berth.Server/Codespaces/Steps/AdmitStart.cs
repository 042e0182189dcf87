namespace Berth.Server.Codespaces.Steps;

/// <summary>May this start be, and can it be here? Before anything of it is made.</summary>
internal sealed class AdmitStart(CheckHost host, CheckReadAccess reading)
{
    public async Task<StartContext> RunAsync(StartContext context, CancellationToken cancellationToken)
    {
        context = await host.RunAsync(context, cancellationToken);
        context.Progress.Step = StartCause.Access;
        return await reading.RunAsync(context, cancellationToken);
    }
}
