using Berth.Server.Codespaces.Devcontainers;
using Berth.Server.Codespaces.Engine;
using Berth.Server.Codespaces.Environment;
using Berth.Server.Codespaces.Expansion;
using Berth.Server.Codespaces.Images;
using Berth.Server.Codespaces.Isolation;
using Berth.Server.Codespaces.Workspaces;
using Berth.Server.Faults;

namespace Berth.Server.Codespaces.Steps;

/// <summary>
/// Runs <c>initializeCommand</c>. Elsewhere it runs on the machine that makes the dev container. Here it runs in a container that has the
/// checkout and is removed afterwards, with the codespace's limits and network. What it writes into the checkout is there when compose
/// files and Dockerfiles are read. It is no part of the codespace, so no failure of it ends the start.
/// </summary>
internal sealed class InitializeWorkspace(
    IContainerEngine engine, FetchImage fetch, CodespaceContainers containers, EnvironmentContents contents, ChownWorkspace give,
    RunCommand run, ImageDefaults defaults, TimeProvider time)
{
    private const string Step = "initialize";
    private static readonly TimeSpan Timeout = TimeSpan.FromMinutes(60);

    /// <returns>Why it did not do its work. Null: it did, or there is no such command.</returns>
    /// <exception cref="FaultException">The configuration cannot be read.</exception>
    public async Task<string?> RunAsync(PreparedStart start, CancellationToken cancellationToken)
    {
        var codespace = start.Codespace;
        if (start.Prebuild is { IsCurrent: true })
        {
            // Its checkout has what the command made.
            return null;
        }

        var file = DevcontainerFile.Read(
            new Checkout(start.Workspace, new ExpansionBudget(cancellationToken)) { Defaults = defaults }, codespace.DevcontainerPath);
        var configuration = DevcontainerConfiguration.From(file, codespace.ImageName);
        if (configuration.Initialize is not { } command)
        {
            return null;
        }

        try
        {
            var image = InitializeCommand.ImageOf(configuration, defaults)
                ?? throw new FaultException(FaultKind.Configuration, InitializeCommand.NoImage);
            var fetched = await fetch.RunAsync(image, platform: null, start.Credentials, cancellationToken);
            return await RunAsync(start, configuration, command, fetched, file.Checkout.Budget, cancellationToken);
        }
        catch (Exception exception) when (exception is FaultException or EngineException)
        {
            cancellationToken.ThrowIfCancellationRequested();
            var reason = $"{InitializeCommand.Property} is left out: {exception.Message}";
            start.Log.Write(Step, reason);
            return reason;
        }
    }

    private async Task<string?> RunAsync(
        PreparedStart start, DevcontainerConfiguration configuration, LifecycleCommand command, PinnedImage image,
        ExpansionBudget budget, CancellationToken cancellationToken)
    {
        await RemoveAsync(start, cancellationToken);
        await start.Network;
        await give.ToRootAsync(start, cancellationToken);
        start.Log.Write(Step, $"in a container of its own, of {image.Reference}");
        var body = new ContainerPolicy(start.Codespace, start.Folders).Write(PlanOf(start, configuration, image));
        try
        {
            var id = await containers.CreateAsync(
                start.Codespace, EngineNames.InitializeOf(start.Codespace.Name), ContainerRole.Initialize, body, [], cancellationToken);
            await engine.StartAsync(id, cancellationToken);
            var container = await engine.ContainerAsync(id, cancellationToken)
                ?? throw new FaultException(FaultKind.Container, "its container is gone");
            using var limit = new TimeLimit(Timeout, time, cancellationToken);
            try
            {
                await start.Environment.EnterAsync(container, "root", null, limit.Token);
                var place = new CommandPlace(
                    id, "root", configuration.MountTarget,
                    ProcessEnvironment.Of(new Dictionary<string, string>(), start.Environment.Variables),
                    new ContainerVariables(container, configuration.WorkspaceFolder, start.Codespace.Name, budget));
                var failure = await run.RunAsync(place, command, line => start.Log.Write(Step, line), limit.Token);
                if (failure is not null)
                {
                    start.Log.Write(Step, $"{failure} The start goes on.");
                }

                return failure;
            }
            catch (OperationCanceledException) when (limit.HasExpired)
            {
                throw new FaultException(FaultKind.TimedOut, $"it took longer than {Timeout.TotalMinutes:0} minutes and was ended");
            }
        }
        finally
        {
            await RemoveAsync(start, CancellationToken.None);
            if (start.Codespace.Image is null)
            {
                await give.ToGitAsync(start, CancellationToken.None);
            }
        }
    }

    private static ContainerPlan PlanOf(PreparedStart start, DevcontainerConfiguration configuration, PinnedImage image) =>
        new(image.Reference, Machines.LimitsOf(start.Machine), new ContainerNetwork.OfCodespace([]))
        {
            Entrypoint = ["/bin/sh"],
            Command = ["-c", DevContainerPlan.MainScript([]), "-"],
            StopSignal = "SIGTERM",
            User = "root",
            WorkingFolder = "/",
            Mounts = [new PlannedMount(PlannedMountKind.Workspace, "", configuration.MountTarget, ReadOnly: false)],
            SecretsFolder = EnvironmentVariables.Folder,
        };

    /// <summary>Removes the container, also one that an earlier start has left.</summary>
    private async Task RemoveAsync(PreparedStart start, CancellationToken cancellationToken)
    {
        foreach (var container in await containers.OfAsync(start.Codespace, cancellationToken))
        {
            if (container.Role == ContainerRole.Initialize)
            {
                contents.Leave(container.ContainerId);
                await containers.RemoveAsync(container.ContainerId, cancellationToken);
            }
        }

        ContainerLayers.Sweep(start.Folders);
    }
}
