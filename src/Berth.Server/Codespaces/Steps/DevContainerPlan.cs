using Berth.Server.Codespaces.Compose;
using Berth.Server.Codespaces.Devcontainers;
using Berth.Server.Codespaces.Engine;
using Berth.Server.Codespaces.Environment;
using Berth.Server.Codespaces.Isolation;

namespace Berth.Server.Codespaces.Steps;

/// <summary>
/// The container that people work in: what image, features and devcontainer.json say together, and of a compose file its service. Its main
/// process is a shell that runs the entrypoints of features and then, unless it is overridden, the container's own command.
/// </summary>
internal static class DevContainerPlan
{
    /// <param name="service">Null without a compose file.</param>
    /// <param name="owner">The remote user and group, as numbers: <c>UID:GID</c>.</param>
    public static ContainerPlan Of(
        BuiltStart start, ComposeService? service, MachineLimits limits, Surroundings beside, string owner)
    {
        var merged = start.Merged;
        var place = new PlannedMount(PlannedMountKind.Workspace, "", start.Place.MountTarget, ReadOnly: false);
        var plan = service is null
            ? new ContainerPlan(start.Place.Image, limits, new ContainerNetwork.OfCodespace([]))
            : ServiceContainer.Plan(service, start.Place.Image, limits, beside.Joined, beside.Aliases);
        var environment = new Dictionary<string, string>(plan.Environment, StringComparer.Ordinal);
        foreach (var (name, value) in merged.ContainerEnvironment)
        {
            environment[name] = value;
        }

        var own = MountsOf(start);
        var overridden = merged.OverrideCommand ?? service is null;
        return start.Configuration.Arguments.ApplyTo(plan) with
        {
            Entrypoint = ["/bin/sh"],
            Command = ["-c", MainScript(merged.Entrypoints), "-", .. overridden ? [] : CommandOf(plan, start.Image.Image)],

            // When the command is overridden, the shell waits for SIGTERM. Otherwise the command's own signal ends it.
            StopSignal = overridden ? "SIGTERM" : plan.StopSignal,
            User = merged.ContainerUser ?? plan.User,
            Environment = environment,
            Mounts = [
                place,
                .. plan.Mounts.Concat(own)
                .Where(mount => mount.Target != place.Target)
                .GroupBy(mount => mount.Target)
                .Select(same => same.Last()),
            ],
            Debugging = plan.Debugging || merged.Debugging,
            Init = plan.Init || merged.Init,
            SecretsFolder = EnvironmentVariables.Folder,
            SecretsOwner = owner,
            SshServerFolder = EnvironmentVariables.SshServer,
            Labels = new Dictionary<string, string>(start.Configuration.Arguments.Labels, StringComparer.Ordinal)
            {
                [ImageMetadata.Label] = ImageMetadata.Write(start.Metadata),
            },
        };
    }

    /// <summary>The mounts of the container, apart from the workspace and those of its service.</summary>
    public static IEnumerable<PlannedMount> MountsOf(BuiltStart start) => start.Merged.Mounts.Concat(start.Configuration.Mounts);

    private static IEnumerable<string> CommandOf(ContainerPlan plan, EngineImage image) =>
    [
        .. plan.Entrypoint ?? image.Entrypoint,
        .. plan.Command ?? (plan.Entrypoint is null ? image.Command : []),
    ];

    /// <summary>The script of a main process that runs what features bring, and waits.</summary>
    /// <param name="entrypoints">Of features.</param>
    public static string MainScript(IReadOnlyList<string> entrypoints) => string.Join(
        '\n', ["echo Container started", "trap \"exit 0\" 15", .. entrypoints, "exec \"$@\"", "while sleep 1 & wait $!; do :; done"]);
}
