using System.Text.Json.Nodes;
using Berth.Server.Codespaces.Isolation;

namespace Berth.Server.Codespaces.Compose;

/// <summary>A service beside the codespace's container, as it is started again.</summary>
/// <param name="Service">Its name; of the last entry, the container that people work in.</param>
/// <param name="Container">Its container's name; null for that last one.</param>
internal sealed record ServiceStart(string Service, string? Container, IReadOnlyDictionary<string, string> Needs);

/// <summary>The container of a service, as <see cref="ServiceReader"/> judged it.</summary>
internal static class ServiceContainer
{
    /// <summary>No codespace's name has a dot.</summary>
    public static string NameOf(Codespace codespace, string service) => $"{EngineNames.ContainerOf(codespace.Name)}.{service}";

    public static string VolumeOf(Codespace codespace, string volume) => $"{EngineNames.ContainerOf(codespace.Name)}.{volume}";

    /// <param name="image">Pinned or built for it.</param>
    /// <param name="joined">The container whose network it shares; null: none.</param>
    public static ContainerPlan Plan(
        Codespace codespace, ComposeService service, string image, MachineLimits limits, string? joined, IReadOnlyList<string> aliases) =>
        new(image, limits, NetworkOf(service, joined, aliases))
        {
            Entrypoint = service.Entrypoint,
            Command = service.Command,
            User = service.User,
            WorkingFolder = service.WorkingFolder,
            HostName = service.HostName,
            StopSignal = service.StopSignal,
            Environment = service.Environment,
            Mounts = [.. MountsOf(codespace, service)],
            Terminal = service.Terminal,
            Input = service.Input,
            Init = service.Init,
            ReadOnly = service.ReadOnly,
            SharedMemory = service.SharedMemory,
            DroppedCapabilities = service.DroppedCapabilities,
            HealthCheck = service.HealthCheck,
        };

    /// <summary>What the image of a service needs beside what it is made of. Empty when there is nothing to add.</summary>
    public static IEnumerable<string> Instructions(ComposeService service) => service.Copies.Select(
        (copy, index) => "COPY " + new JsonArray($"copies/{index}", Quoted(copy.Target)).ToJsonString());

    private static ContainerNetwork NetworkOf(ComposeService service, string? joined, IReadOnlyList<string> aliases) =>
        joined is not null ? new ContainerNetwork.SharedWith(joined)
        : service.NoNetwork ? new ContainerNetwork.None()
        : new ContainerNetwork.OfCodespace(aliases);

    private static IEnumerable<PlannedMount> MountsOf(Codespace codespace, ComposeService service)
    {
        foreach (var mount in service.Mounts)
        {
            switch (mount.Kind)
            {
                case ComposeMountKind.Workspace:
                    yield return new PlannedMount(PlannedMountKind.Workspace, "", mount.Target, mount.ReadOnly);
                    break;
                case ComposeMountKind.Volume:
                    yield return new PlannedMount(
                        PlannedMountKind.Volume, VolumeOf(codespace, mount.Source), mount.Target, mount.ReadOnly);
                    break;
                case ComposeMountKind.Memory:
                    yield return new PlannedMount(PlannedMountKind.Memory, "", mount.Target, mount.ReadOnly);
                    break;
            }
        }
    }

    /// <summary>Dockerfiles replace variables in these; a compose file's were replaced before.</summary>
    private static string Quoted(string text) =>
        text.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("$", "\\$", StringComparison.Ordinal);
}
