namespace Berth.Server.Codespaces.Steps;

/// <summary>Makes a codespace that people can work in from its images: the mounts, the services, and the container itself.</summary>
internal sealed class BringUp(PrepareMounts mounts, StartServices services, CreateContainer create, RunContainer run)
{
    /// <summary>Makes new containers and starts them.</summary>
    /// <exception cref="Faults.FaultException">A container cannot be made, or does not run.</exception>
    public async Task<RunningStart> NewAsync(BuiltStart built, CancellationToken cancellationToken)
    {
        await built.Network;
        built.Progress.Step = StartCause.Services;
        var beside = await services.RunAsync(built, await mounts.RunAsync(built, cancellationToken), cancellationToken);
        built.Progress.Step = StartCause.Up;
        var created = await create.RunAsync(built, beside, cancellationToken);
        return await run.RunAsync(
            created, token => services.FinishAsync(built, beside, created.Container, token), cancellationToken);
    }

    /// <summary>Starts the containers of an earlier start.</summary>
    /// <inheritdoc cref="NewAsync"/>
    public async Task<RunningStart> AgainAsync(CreatedStart created, CancellationToken cancellationToken)
    {
        await created.Start.Network;
        await mounts.ResumeAsync(created.Start, cancellationToken);
        await services.ResumeAsync(created.Start, cancellationToken);
        created.Start.Progress.Step = StartCause.Up;
        return await run.RunAsync(
            created, token => services.ResumeLaterAsync(created.Start, created.Container, token), cancellationToken);
    }
}
