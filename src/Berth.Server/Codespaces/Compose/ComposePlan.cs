using Berth.Server.Codespaces.Devcontainers;
using Berth.Server.Codespaces.Isolation;
using Berth.Server.Faults;

namespace Berth.Server.Codespaces.Compose;

/// <summary>The services of a configuration with <c>dockerComposeFile</c>.</summary>
/// <param name="Earlier">Started before the service that people work in, in this order.</param>
/// <param name="Later">Started after it, in this order, since they need it.</param>
internal sealed record ComposePlan(
    ComposeService Main, IReadOnlyList<ComposeService> Earlier, IReadOnlyList<ComposeService> Later, IReadOnlyList<string> Remarks)
{
    private const int MaxServices = 20;

    /// <summary>Services that do not run, but from whose images others are built.</summary>
    public IReadOnlyList<ComposeService> Sources { get; init; } = [];

    /// <summary>All services except the one that people work in.</summary>
    public IReadOnlyList<ComposeService> Others => [.. Earlier, .. Later];

    /// <summary>The path at which the main service mounts the checkout. Null when it does not.</summary>
    public string? WorkspaceTarget => Main.Mounts.FirstOrDefault(mount => mount.Kind == PlannedMountKind.Workspace)?.Target;

    /// <returns>Null where the service to work in is refused; the checkout's refusals say why.</returns>
    /// <exception cref="FaultException">The files cannot be read at all; names file, line and reason.</exception>
    public static ComposePlan? Read(Checkout checkout, ComposeSource source, string repository, List<ImageUse> uses)
    {
        List<string> remarks = [];
        var files = new ComposeFiles(checkout, WorkspacePlace.Usual(repository), remarks);
        var project = files.Load(source.Files);
        var services = project["services"] as ComposeMap
            ?? throw new FaultException(FaultKind.Configuration, $"{source.Files[0]} has no services");
        var mounts = new MountReader(checkout, files, project, repository, remarks);
        var reader = new ServiceReader(checkout, files, project, mounts, uses, remarks);
        var read = new OrderedDictionary<string, ComposeService>(StringComparer.Ordinal);
        foreach (var name in Wanted(services, source))
        {
            checkout.Refusals.Try(() => Add(name, null));
        }

        if (!read.TryGetValue(source.Service, out var main))
        {
            return null;
        }

        checkout.Refusals.Try(() => ShareNetworks(read, main));
        remarks.AddRange(
            files.Unknown.Select(
                name =>
                    $"${{{name}}} is empty in the compose files: there is no environment; values come from the file .env beside the first "
                        + "of them"));
        if (project["networks"] is ComposeMap { Entries.Count: > 1 } networks)
        {
            remarks.Add(
                $"{networks.File}:{networks.Line}: the codespace has one network, so services of different networks reach each other");
        }

        var (earlier, later) = checkout.Refusals.Try(() => Order(read, source.Service));
        var sources = new BuildSources(checkout, services, reader, read, MaxServices).Find();
        var all = mounts.Share([.. earlier ?? [], read[source.Service], .. later ?? []]);
        var before = earlier?.Count ?? 0;
        return new ComposePlan(all[before], all[..before], all[(before + 1)..], remarks) { Sources = sources };

        void Add(string name, ComposeNode? by)
        {
            if (read.ContainsKey(name))
            {
                return;
            }

            var service = services[name] as ComposeMap
                ?? throw new FaultException(
                    FaultKind.Configuration,
                    $"{(by is null ? source.Files[0] : $"{by.File}:{by.Line}")}: there is no service {name}; there "
                        + $"are {string.Join(", ", services.Entries.Keys)}");
            checkout.Budget.Count("services", MaxServices, service.Place);
            var added = read[name] = reader.Read(name, service);
            foreach (var need in added.Needs.Keys)
            {
                checkout.Refusals.Try(() => Add(need, service));
            }
        }
    }

    /// <summary>The services that run. Without <c>runServices</c> these are all that have no profile.</summary>
    private static IEnumerable<string> Wanted(ComposeMap services, ComposeSource source) =>
        [
            source.Service,
            .. source.RunServices
                ?? [
                    .. services.Entries.Where(entry => entry.Value is ComposeMap map && map["profiles"] is null or { IsUnset: true })
                    .Select(entry => entry.Key),
                ],
        ];

    /// <summary>
    /// Resolves chains of shared networks. A service that shares the network of a sharing service gets the network of that one's owner,
    /// since a network has one owner.
    /// </summary>
    private static void ShareNetworks(OrderedDictionary<string, ComposeService> services, ComposeService main)
    {
        if (main.NoNetwork)
        {
            throw new FaultException(
                FaultKind.Configuration, $"services.{main.Name}.network_mode: a codespace without a network is not supported");
        }

        foreach (var service in services.Values.ToList())
        {
            var holder = service;
            for (var steps = 0; holder.NetworkOf is { } other && services.TryGetValue(other, out var next); holder = next)
            {
                if (++steps > services.Count)
                {
                    throw new FaultException(
                        FaultKind.Configuration, $"services.{service.Name}.network_mode: services share each other's network in a circle");
                }
            }

            if (holder != service)
            {
                services[service.Name] = service with { NetworkOf = holder.Name };
            }
        }
    }

    private static (List<ComposeService> Earlier, List<ComposeService> Later) Order(
        OrderedDictionary<string, ComposeService> services, string main)
    {
        List<ComposeService> order = [];
        HashSet<string> open = new(StringComparer.Ordinal);
        foreach (var service in services.Values)
        {
            Add(service);
        }

        // A service stands after those that it needs.
        HashSet<string> needing = new([main], StringComparer.Ordinal);
        foreach (var service in order.Where(service => service.Needs.Keys.Any(needing.Contains)))
        {
            needing.Add(service.Name);
        }

        var others = order.Where(service => service.Name != main).ToLookup(service => needing.Contains(service.Name));
        return ([.. others[false]], [.. others[true]]);

        void Add(ComposeService service)
        {
            if (order.Contains(service))
            {
                return;
            }

            if (!open.Add(service.Name))
            {
                throw new FaultException(
                    FaultKind.Configuration,
                    $"the services {string.Join(", ", open)} wait for each other (depends_on, links, network_mode, volumes_from); to share "
                        + "files, mount the same named volume in each");
            }

            foreach (var need in service.Needs.Keys)
            {
                if (services.TryGetValue(need, out var needed))
                {
                    Add(needed);
                }
            }

            open.Remove(service.Name);
            order.Add(service);
        }
    }
}
