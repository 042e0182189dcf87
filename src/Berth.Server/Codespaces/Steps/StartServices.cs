using System.Text.Json;
using Berth.Server.Codespaces.Compose;
using Berth.Server.Codespaces.Engine;
using Berth.Server.Codespaces.Isolation;
using Berth.Server.Faults;

namespace Berth.Server.Codespaces.Steps;

/// <summary>
/// Starts the services of a compose file beside the container that people work in, before it. They are containers of the codespace, so
/// that whatever stops or removes those takes them along; their volumes lie in the codespace's own filesystem.
/// </summary>
internal sealed class StartServices(IContainerEngine engine, CodespaceContainers containers, TimeProvider time)
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(5);
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(250);
    private const int LastLines = 10;

    /// <summary>Makes them anew.</summary>
    /// <exception cref="FaultException">One does not start, or does not become what another waits for.</exception>
    public async Task<Surroundings> RunAsync(BuiltStart built, bool hasDocker, CancellationToken cancellationToken)
    {
        if (built.Plan.Compose is not { } compose)
        {
            File.Delete(built.Folders.Services);
            return new Surroundings(hasDocker, Services: 0, Joined: null, Aliases: []);
        }

        List<ServiceStart> starts =
        [
            .. compose.Others.Select(
                service => new ServiceStart(service.Name, EngineNames.ServiceOf(built.Codespace.Name, service.Name), service.Needs)),
            new ServiceStart(compose.Main.Name, null, compose.Main.Needs),
        ];
        await File.WriteAllBytesAsync(built.Folders.Services, JsonSerializer.SerializeToUtf8Bytes(starts), cancellationToken);
        Dictionary<string, string> made = new(StringComparer.Ordinal);
        foreach (var (service, own) in compose.Others.Zip(starts))
        {
            await WaitAsync(own, starts, built, cancellationToken);
            made[service.Name] = await StartAsync(built, hasDocker, compose, service, made, cancellationToken);
        }

        await WaitAsync(starts[^1], starts, built, cancellationToken);
        await LookAsync(starts, built.Log, cancellationToken);
        return new Surroundings(hasDocker, compose.Others.Count, Joined(compose.Main, made), AliasesOf(compose, compose.Main));
    }

    /// <summary>Starts those that an earlier start made.</summary>
    /// <exception cref="FaultException">One is gone.</exception>
    public async Task ResumeAsync(BegunStart begun, CancellationToken cancellationToken)
    {
        if (!File.Exists(begun.Folders.Services))
        {
            return;
        }

        var starts = JsonSerializer.Deserialize<List<ServiceStart>>(
            await File.ReadAllBytesAsync(begun.Folders.Services, cancellationToken))
            ?? [];
        var own = (await containers.OfAsync(begun.Codespace, cancellationToken)).Select(container => container.ContainerId).ToHashSet();
        foreach (var start in starts)
        {
            await WaitAsync(start, starts, begun, cancellationToken);
            if (start.Container is not { } name)
            {
                continue;
            }

            if (await engine.ContainerAsync(name, cancellationToken) is not { } container || !own.Contains(container.Id))
            {
                throw new FaultException(
                    FaultKind.Container, $"the container of the service {start.Service} is gone", "rebuild the codespace");
            }

            begun.Log.Write("services", $"starting {start.Service}");
            await StartContainerAsync(container.Id, start.Service, cancellationToken);
        }

        await LookAsync(starts, begun.Log, cancellationToken);
    }

    private async Task<string> StartAsync(
        BuiltStart built, bool hasDocker, ComposePlan compose, ComposeService service, Dictionary<string, string> made,
        CancellationToken cancellationToken)
    {
        var image = built.ServiceImages[service.Name];
        var limits = Machines.LimitsOf(built.Machine).OfService(compose.Others.Count);
        built.Log.Write("services", $"starting {service.Name} of {service.Image?.ToString() ?? service.Build!.Build.Dockerfile}");
        var plan = ServiceContainer.Plan(
            service, image, limits, Joined(service, made), AliasesOf(compose, service));
        var body = new ContainerPolicy(built.Codespace, built.Folders, hasDocker).Write(plan);
        try
        {
            if (service.WorkingFolder is null)
            {
                CreateContainer.CheckFolder(await engine.ImageAsync(image, cancellationToken));
            }

            var name = EngineNames.ServiceOf(built.Codespace.Name, service.Name);
            var id = await containers.CreateAsync(built.Codespace, name, ContainerRole.Service, body, cancellationToken);
            await StartContainerAsync(id, service.Name, cancellationToken);
            return id;
        }
        catch (Exception exception) when (exception is EngineException)
        {
            throw new FaultException(FaultKind.Container, $"the service {service.Name} does not start: {exception.Message}", exception);
        }
    }

    private async Task StartContainerAsync(string container, string service, CancellationToken cancellationToken)
    {
        try
        {
            await engine.StartAsync(container, cancellationToken);
        }
        catch (EngineException exception)
        {
            throw new FaultException(FaultKind.Container, $"the service {service} does not start: {exception.Message}", exception);
        }
    }

    private static string? Joined(ComposeService service, Dictionary<string, string> made) =>
        service.NetworkOf is { } other ? made[other] : null;

    /// <summary>Its own names, those of the services that share its network, and those that others have for them.</summary>
    private static List<string> AliasesOf(ComposePlan compose, ComposeService service)
    {
        List<ComposeService> all = [compose.Main, .. compose.Others];
        return
        [
            .. all.Where(other => other == service || other.NetworkOf == service.Name)
                .SelectMany(
                    own => own.Aliases.Prepend(own.Name)
                        .Concat(all.SelectMany(other => other.Links).Where(link => link.Service == own.Name).Select(link => link.Alias)))
                .Distinct(),
        ];
    }

    /// <summary>Until what it needs has come to pass.</summary>
    private async Task WaitAsync(ServiceStart start, List<ServiceStart> starts, BegunStart begun, CancellationToken cancellationToken)
    {
        foreach (var (name, condition) in start.Needs.Where(need => need.Value != "service_started"))
        {
            var container = starts.First(other => other.Service == name).Container!;
            begun.Log.Write("services", $"{start.Service} waits for {name} ({condition})");
            begun.Waits();
            var begin = time.GetTimestamp();
            while (await engine.ContainerAsync(container, cancellationToken) is not { } state || !Fulfilled(state, condition, name))
            {
                if (time.GetElapsedTime(begin) > Patience)
                {
                    throw new FaultException(
                        FaultKind.Container,
                        $"{start.Service} waits for {name} ({condition}), which did not come "
                            + $"within {Patience.TotalMinutes:0} minutes{await LastOutputAsync(container, cancellationToken)}");
                }

                await Task.Delay(Interval, time, cancellationToken);
            }
        }

        static bool Fulfilled(EngineContainer state, string condition, string name) => condition switch
        {
            "service_completed_successfully" when !state.Running && state.ExitCode != 0 =>
                throw new FaultException(
                    FaultKind.Container,
                    $"the service {name} has ended with the exit code {state.ExitCode}, and another waits for its success"),
            "service_completed_successfully" => !state.Running,
            _ when !state.Running =>
                throw new FaultException(
                    FaultKind.Container,
                    $"the service {name} has ended with the exit code {state.ExitCode}, and another waits until it is healthy"),
            _ => state.Health is "healthy" or null,
        };
    }

    /// <summary>A service that ended at once is no reason to fail, but one to say so.</summary>
    private async Task LookAsync(List<ServiceStart> starts, CodespaceLogWriter log, CancellationToken cancellationToken)
    {
        foreach (var start in starts.Where(start => start.Container is not null))
        {
            if (await engine.ContainerAsync(start.Container!, cancellationToken) is { Running: false, ExitCode: not 0 } state)
            {
                log.Write(
                    "services",
                    $"{start.Service} has ended with the exit "
                        + $"code {state.ExitCode}{await LastOutputAsync(start.Container!, cancellationToken)}");
            }
        }
    }

    private async Task<string> LastOutputAsync(string container, CancellationToken cancellationToken) =>
        await engine.LastLinesAsync(container, LastLines, cancellationToken) is { Count: > 0 } lines
            ? ": " + string.Join(" | ", lines)
            : "";
}
