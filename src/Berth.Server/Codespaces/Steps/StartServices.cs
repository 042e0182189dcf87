using System.Text.Json;
using Berth.Server.Codespaces.Compose;
using Berth.Server.Codespaces.Engine;
using Berth.Server.Codespaces.Isolation;
using Berth.Server.Faults;

namespace Berth.Server.Codespaces.Steps;

/// <summary>
/// Starts the services of a compose file beside the container that people work in. Services that need that container start after it, all
/// others before it. Services are containers of the codespace, so they are stopped and removed with it. Their volumes lie in the
/// codespace's own filesystem.
/// </summary>
internal sealed class StartServices(IContainerEngine engine, CodespaceContainers containers, TimeProvider time)
{
    /// <summary>As long as the commands of the dev container may take: a service that others wait for may prepare as much.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(60);
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(250);
    private const int LastLines = 10;

    /// <summary>Makes and starts the services that come before the container that people work in.</summary>
    /// <exception cref="FaultException">A service does not start, or does not reach the condition that another waits for.</exception>
    public async Task<Surroundings> RunAsync(BuiltStart built, bool hasDocker, CancellationToken cancellationToken)
    {
        if (built.Plan.Compose is not { } compose)
        {
            File.Delete(built.Folders.Services);
            return new Surroundings(hasDocker, Services: 0, Joined: null, Aliases: []);
        }

        var starts = StartsOf(built, compose);
        await File.WriteAllBytesAsync(built.Folders.Services, JsonSerializer.SerializeToUtf8Bytes(starts), cancellationToken);
        var made = new Dictionary<string, string>(StringComparer.Ordinal);
        await StartAllAsync(built, hasDocker, compose.Earlier, starts, made, cancellationToken);
        await WaitAsync(starts[compose.Earlier.Count], starts, made, built, cancellationToken);
        await LookAsync(starts.Take(compose.Earlier.Count), built.Log, cancellationToken);
        return new Surroundings(hasDocker, compose.Others.Count, Joined(compose.Main, made), AliasesOf(compose, compose.Main))
        {
            Made = made,
        };
    }

    /// <summary>Makes and starts the services that need the container that people work in.</summary>
    /// <param name="main">The container that people work in, which runs.</param>
    /// <inheritdoc cref="RunAsync"/>
    public async Task FinishAsync(BuiltStart built, Surroundings beside, string main, CancellationToken cancellationToken)
    {
        if (built.Plan.Compose is not { Later.Count: > 0 } compose)
        {
            return;
        }

        var starts = StartsOf(built, compose);
        var made = new Dictionary<string, string>(beside.Made, StringComparer.Ordinal) { [compose.Main.Name] = main };
        await StartAllAsync(built, beside.HasDocker, compose.Later, starts, made, cancellationToken);
        await LookAsync(starts.Skip(compose.Earlier.Count + 1), built.Log, cancellationToken);
    }

    /// <summary>Starts the services of an earlier start that come before the container that people work in.</summary>
    /// <exception cref="FaultException">The container of a service is gone.</exception>
    public async Task ResumeAsync(BegunStart begun, CancellationToken cancellationToken)
    {
        var starts = await EarlierStartsAsync(begun, cancellationToken);
        var main = starts.FindIndex(start => start.Container is null);
        await ResumeAsync(begun, starts, starts.Take(main), main: null, cancellationToken);
        if (main >= 0)
        {
            await WaitAsync(starts[main], starts, new Dictionary<string, string>(), begun, cancellationToken);
        }
    }

    /// <summary>Starts the services of an earlier start that need the container that people work in.</summary>
    /// <param name="main">The container that people work in, which runs.</param>
    /// <inheritdoc cref="ResumeAsync(BegunStart, CancellationToken)"/>
    public async Task ResumeLaterAsync(BegunStart begun, string main, CancellationToken cancellationToken)
    {
        var starts = await EarlierStartsAsync(begun, cancellationToken);
        await ResumeAsync(
            begun, starts, starts.Skip(starts.FindIndex(start => start.Container is null) + 1), main, cancellationToken);
    }

    private static async Task<List<ServiceStart>> EarlierStartsAsync(BegunStart begun, CancellationToken cancellationToken) =>
        File.Exists(begun.Folders.Services)
            ? JsonSerializer.Deserialize<List<ServiceStart>>(
                await File.ReadAllBytesAsync(begun.Folders.Services, cancellationToken)) ?? []
            : [];

    private async Task ResumeAsync(
        BegunStart begun, List<ServiceStart> starts, IEnumerable<ServiceStart> part, string? main, CancellationToken cancellationToken)
    {
        List<ServiceStart> resumed = [.. part];
        if (resumed.Count == 0)
        {
            return;
        }

        Dictionary<string, string> made = new(StringComparer.Ordinal);
        if (main is not null)
        {
            made[starts.First(start => start.Container is null).Service] = main;
        }

        var own = (await containers.OfAsync(begun.Codespace, cancellationToken)).Select(container => container.ContainerId).ToHashSet();
        foreach (var start in resumed)
        {
            await WaitAsync(start, starts, made, begun, cancellationToken);
            if (await engine.ContainerAsync(start.Container!, cancellationToken) is not { } container || !own.Contains(container.Id))
            {
                throw new FaultException(
                    FaultKind.Container, $"the container of the service {start.Service} is gone", "rebuild the codespace");
            }

            begun.Log.Write("services", $"starting {start.Service}");
            await StartContainerAsync(container.Id, start.Service, cancellationToken);
        }

        await LookAsync(resumed, begun.Log, cancellationToken);
    }

    /// <summary>
    /// All services in the order of their start. The container that people work in stands before the services that need it.
    /// </summary>
    private static List<ServiceStart> StartsOf(BuiltStart built, ComposePlan compose) =>
    [
        .. compose.Earlier.Select(service => StartOf(built, service)),
        new ServiceStart(compose.Main.Name, null, compose.Main.Needs),
        .. compose.Later.Select(service => StartOf(built, service)),
    ];

    private static ServiceStart StartOf(BuiltStart built, ComposeService service) =>
        new(service.Name, EngineNames.ServiceOf(built.Codespace.Name, service.Name), service.Needs);

    /// <param name="made">This method adds the containers that it makes, by service.</param>
    private async Task StartAllAsync(
        BuiltStart built, bool hasDocker, IEnumerable<ComposeService> services, List<ServiceStart> starts, Dictionary<string, string> made,
        CancellationToken cancellationToken)
    {
        foreach (var service in services)
        {
            await WaitAsync(starts.First(start => start.Service == service.Name), starts, made, built, cancellationToken);
            made[service.Name] = await StartAsync(built, hasDocker, built.Plan.Compose!, service, made, cancellationToken);
        }
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
            var id = await containers.CreateAsync(
                built.Codespace, name, ContainerRole.Service, body, built.VolumesFor(service), cancellationToken);
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

    /// <summary>
    /// The service's own names, those of the services that share its network, and the names that other services give to these.
    /// </summary>
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

    /// <summary>Waits until the services that this one needs have reached their conditions.</summary>
    private async Task WaitAsync(
        ServiceStart start, List<ServiceStart> starts, Dictionary<string, string> made, BegunStart begun,
        CancellationToken cancellationToken)
    {
        foreach (var (name, condition) in start.Needs.Where(need => need.Value != "service_started"))
        {
            var container = starts.First(other => other.Service == name).Container ?? made[name];
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
            _ when state.Health == "unhealthy" =>
                throw new FaultException(
                    FaultKind.Container,
                    $"the service {name} is unhealthy, and another waits until it is healthy{LastCheck(state)}"),
            _ => state.Health is "healthy" or null,
        };
    }

    private static string LastCheck(EngineContainer state) =>
        state.HealthOutput.Trim() is { Length: > 0 } output ? $"; its last check says: {Shown.Of(output.ReplaceLineEndings(" | "))}" : "";

    /// <summary>Reports services that have ended with an error. The start does not fail because of them.</summary>
    private async Task LookAsync(IEnumerable<ServiceStart> starts, CodespaceLogWriter log, CancellationToken cancellationToken)
    {
        foreach (var start in starts)
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
