using Berth.Server.Codespaces.Devcontainers;
using Berth.Server.Codespaces.Engine;

namespace Berth.Server.Codespaces.Steps;

/// <summary>The steps of a start, in their order. Every one looks at what is there before it acts, so a start may be cut off at any line and run again.</summary>
internal sealed class StartSteps(
    EngineClient engine, DevcontainerUp up, CheckHost checkHost, CheckReading checkReading, PrepareMachine prepareMachine, IssueToken issueToken, ResolveCredentials resolveCredentials, PrepareInside prepareInside,
    ReuseContainer reuseContainer, CloneWorkspace cloneWorkspace, ReadConfiguration readConfiguration, SettlePermissions settlePermissions, FetchImages fetchImages,
    BuildImage buildImage, GiveWorkspace giveWorkspace, StartServices startServices, UpContainer upContainer)
{
    /// <param name="context">What is known at the beginning.</param>
    /// <param name="removeContainers">Removes what an unfinished start left.</param>
    /// <param name="cancellationToken">Cuts it off.</param>
    public async Task RunAsync(StartContext context, Func<CancellationToken, Task> removeContainers, CancellationToken cancellationToken)
    {
        context = await checkHost.RunAsync(context, cancellationToken);
        context.Progress.Step = StartCause.Access;
        context = await checkReading.RunAsync(context, cancellationToken);
        context.Progress.Step = StartCause.Machine;
        await using var tools = new WaitingTools(engine.Socket, up, context);
        await using var network = new Underway(prepareMachine.NetworkAsync(context, cancellationToken));
        context = await prepareMachine.RunAsync(context with { Tools = tools }, cancellationToken);
        context.Progress.Step = StartCause.Token;
        context = await issueToken.RunAsync(context, cancellationToken);
        context.Progress.Step = StartCause.Credentials;
        context = await resolveCredentials.RunAsync(context, cancellationToken);
        context.Progress.Step = StartCause.Environment;
        context = await prepareInside.RunAsync(context, cancellationToken);
        context.Progress.Step = StartCause.Container;
        if (await reuseContainer.RunAsync(context, cancellationToken) is { } reused)
        {
            await network.Task;
            await startServices.ResumeAsync(reused, cancellationToken);
            await upContainer.RunAsync(reused, cancellationToken);
            return;
        }

        context.Progress.Step = StartCause.Clone;
        await removeContainers(cancellationToken);
        context = await cloneWorkspace.RunAsync(context, cancellationToken);
        context.Progress.Step = StartCause.Configuration;
        context = await readConfiguration.RunAsync(context, cancellationToken);
        context.Progress.Step = StartCause.Permissions;
        context = await settlePermissions.RunAsync(context, cancellationToken);
        context.Progress.Step = StartCause.Images;
        context = await fetchImages.RunAsync(context, cancellationToken);
        context.Progress.Step = StartCause.Build;
        await network.Task;
        context = await buildImage.RunAsync(context, cancellationToken);
        context.Progress.Step = StartCause.Workspace;
        context = await giveWorkspace.RunAsync(context, cancellationToken);
        context.Progress.Step = StartCause.Services;
        context = await startServices.RunAsync(context, cancellationToken);
        context.Progress.Step = StartCause.Up;
        await upContainer.RunAsync(context, cancellationToken);
    }

    /// <summary>Something that was begun ahead of its need: whoever leaves waits until it has ended, however it did.</summary>
    private sealed class Underway(Task task) : IAsyncDisposable
    {
        public Task Task => task;

        public async ValueTask DisposeAsync() => await task.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext);
    }
}
