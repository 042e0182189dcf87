using Berth.Server.Codespaces.Docker;
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
internal sealed class PrepareMounts(IContainerEngine engine, CodespaceContainers containers, DockerInside docker, DockerHost host)
{
    /// <exception cref="FaultException">This host mounts nothing.</exception>
    public async Task<StartContext> RunAsync(StartContext context, CancellationToken cancellationToken)
    {
        var compose = context.Plan.Compose;
        List<PlannedMount> mounts =
        [
            .. compose?.Others.Prepend(compose.Main).SelectMany(service => service.Mounts) ?? [],
            .. DevContainerPlan.MountsOf(context),
        ];
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

        return context with { HasDocker = await HasDockerAsync(context, mounts, cancellationToken) };
    }

    private async Task<bool> HasDockerAsync(StartContext context, List<PlannedMount> mounts, CancellationToken cancellationToken)
    {
        if (context.Configuration.Docker == false || !mounts.Exists(DockerSocket.IsMount))
        {
            docker.Forget(context.Codespace);
            return false;
        }

        context.Log.Write("docker", host.Line);
        if (host.Unavailable is not null)
        {
            docker.Forget(context.Codespace);
            return false;
        }

        await docker.OpenAsync(context.Codespace, context.Prepared.MountTarget, cancellationToken);
        return true;
    }

    /// <summary>For containers of an earlier start; their volumes are still there.</summary>
    /// <inheritdoc cref="RunAsync"/>
    public async Task ResumeAsync(StartContext context, CancellationToken cancellationToken)
    {
        WorkspaceParts.MountAgain(context.Folders, context.Workspace, line => context.Log.Write("workspace", line));
        await docker.ResumeAsync(context.Codespace, cancellationToken);
    }

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
