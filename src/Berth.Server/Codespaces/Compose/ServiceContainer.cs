using Berth.Server.Codespaces.Isolation;

namespace Berth.Server.Codespaces.Compose;

/// <summary>What is needed to start a service's container again.</summary>
/// <param name="Container">Null for the container that people work in.</param>
internal sealed record ServiceStart(string Service, string? Container, IReadOnlyDictionary<string, string> Needs);

/// <summary>The container of a service, as <see cref="ServiceReader"/> judged it.</summary>
internal static class ServiceContainer
{
    /// <param name="image">Pinned or built for it.</param>
    /// <param name="joined">The container whose network it shares, or null.</param>
    public static ContainerPlan Plan(
        ComposeService service, string image, MachineLimits limits, string? joined, IReadOnlyList<string> aliases) =>
        new(image, limits, NetworkOf(service, joined, aliases))
        {
            Entrypoint = service.Entrypoint,
            Command = service.Command,
            User = service.User,
            WorkingFolder = service.WorkingFolder,
            HostName = service.HostName,
            StopSignal = service.StopSignal,
            Environment = service.Environment,
            Mounts = service.Mounts,
            Terminal = service.Terminal,
            Input = service.Input,
            Init = service.Init,
            ReadOnly = service.ReadOnly,
            SharedMemory = service.SharedMemory,
            DroppedCapabilities = service.DroppedCapabilities,
            Debugging = service.Debugging,
            ResourceLimits = service.ResourceLimits,
            HealthCheck = service.HealthCheck,
        };

    private static ContainerNetwork NetworkOf(ComposeService service, string? joined, IReadOnlyList<string> aliases) =>
        joined is not null ? new ContainerNetwork.SharedWith(joined)
        : service.NoNetwork ? new ContainerNetwork.None()
        : new ContainerNetwork.OfCodespace(aliases);
}
