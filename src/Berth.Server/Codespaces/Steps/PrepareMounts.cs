using Berth.Server.Codespaces.Engine;
using Berth.Server.Codespaces.Isolation;
using Berth.Server.Codespaces.Sandbox;
using Berth.Server.Codespaces.Workspaces;
using Berth.Server.Faults;

namespace Berth.Server.Codespaces.Steps;

/// <summary>
/// Makes what the containers of a codespace mount, before any of them: its volumes, which are folders of its own disk, and parts of its
/// checkout.
/// </summary>
internal sealed class PrepareMounts(IContainerEngine engine, CodespaceContainers containers)
{
    /// <exception cref="FaultException">This host mounts nothing.</exception>
    public async Task RunAsync(StartContext context, CancellationToken cancellationToken)
    {
        var compose = context.Plan.Compose;
        List<PlannedMount> mounts =
        [
            .. compose?.Others.Prepend(compose.Main).SelectMany(service => service.Mounts) ?? [],
            .. DevContainerPlan.MountsOf(context),
        ];
        if (mounts.Any(DockerSocket.IsMount))
        {
            context.Log.Write("docker", DockerSocket.NotHere);
        }

        WorkspaceParts.Mount(
            context.Folders, context.Workspace, [.. SourcesOf(mounts, PlannedMountKind.Part)],
            line => context.Log.Write("workspace", line));
        var owner = (await engine.FactsAsync(cancellationToken)).FirstUser;
        foreach (var name in SourcesOf(mounts, PlannedMountKind.Volume))
        {
            var folder = context.Folders.Volume(name);
            if (!Directory.Exists(folder))
            {
                Directory.CreateDirectory(folder);
                Ownership.GiveOne(folder, owner);
            }

            await engine.CreateVolumeAsync(
                EngineNames.VolumeOf(context.Codespace.Name, name), folder, containers.LabelsOf(context.Codespace), cancellationToken);
        }
    }

    /// <summary>For containers of an earlier start; their volumes are still there.</summary>
    /// <inheritdoc cref="RunAsync"/>
    public static void Resume(StartContext context) =>
        WorkspaceParts.MountAgain(context.Folders, context.Workspace, line => context.Log.Write("workspace", line));

    /// <summary>After the containers of a codespace that goes. Volumes that are gone are fine.</summary>
    public static async Task RemoveVolumesAsync(
        IContainerEngine engine, IReadOnlyDictionary<string, string> labels, CancellationToken cancellationToken)
    {
        foreach (var volume in await engine.VolumesAsync(labels, cancellationToken))
        {
            await engine.RemoveVolumeAsync(volume, cancellationToken);
        }
    }

    private static IEnumerable<string> SourcesOf(IEnumerable<PlannedMount> mounts, PlannedMountKind kind) =>
        mounts.Where(mount => mount.Kind == kind).Select(mount => mount.Source).Distinct();
}
