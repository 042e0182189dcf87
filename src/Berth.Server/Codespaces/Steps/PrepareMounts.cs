using Berth.Server.Codespaces.Docker;
using Berth.Server.Codespaces.Engine;
using Berth.Server.Codespaces.Isolation;
using Berth.Server.Codespaces.Sandbox;
using Berth.Server.Codespaces.Workspaces;
using Berth.Server.Faults;

namespace Berth.Server.Codespaces.Steps;

/// <summary>
/// Makes what the containers of a codespace mount, before any container is made: volumes, which are folders on the codespace's own disk,
/// and parts of its checkout.
/// </summary>
internal sealed class PrepareMounts(IContainerEngine engine, CodespaceContainers containers, DockerInside docker, DockerHost host)
{
    /// <returns>True when the socket of the codespace's own engine is there to be mounted.</returns>
    /// <exception cref="FaultException">This host cannot mount anything.</exception>
    public async Task<bool> RunAsync(BuiltStart start, CancellationToken cancellationToken)
    {
        var compose = start.Plan.Compose;
        List<PlannedMount> mounts =
        [
            .. compose?.Others.Prepend(compose.Main).SelectMany(service => service.Mounts) ?? [],
            .. DevContainerPlan.MountsOf(start),
        ];
        WorkspaceParts.Mount(
            start.Folders, start.Workspace, [.. SourcesOf(mounts, PlannedMountKind.Part)],
            line => start.Log.Write("workspace", line));
        foreach (var text in SourcesOf(mounts, PlannedMountKind.Text))
        {
            Write(start.Folders.Text(text), text);
        }

        foreach (var name in SourcesOf(mounts, PlannedMountKind.Volume))
        {
            var folder = start.Folders.Volume(name);
            if (!Directory.Exists(folder))
            {
                Directory.CreateDirectory(folder);
                Ownership.GiveOne(folder, start.Engine.FirstUser);
            }

            await engine.CreateVolumeAsync(
                EngineNames.VolumeOf(start.Codespace.Name, name), folder, containers.LabelsOf(start.Codespace), cancellationToken);
        }

        return await HasDockerAsync(start, mounts, cancellationToken);
    }

    /// <summary>Writes a file. Containers do not see its folder, so nobody can replace anything in it.</summary>
    private static void Write(string file, string text)
    {
        // The file's name is a hash of its text, so an existing file is right, also at the next rebuild.
        if (File.Exists(file))
        {
            return;
        }

        // Write under another name first, so that a file that exists is complete.
        Directory.CreateDirectory(Path.GetDirectoryName(file)!);
        var unfinished = file + ".new";
        File.Delete(unfinished);
        File.WriteAllText(unfinished, text);
        File.SetUnixFileMode(unfinished, UnixFileMode.UserRead | UnixFileMode.GroupRead | UnixFileMode.OtherRead);
        File.Move(unfinished, file);
    }

    private async Task<bool> HasDockerAsync(BuiltStart start, List<PlannedMount> mounts, CancellationToken cancellationToken)
    {
        if (start.Configuration.Docker == false || !mounts.Exists(DockerSocket.IsMount))
        {
            docker.Forget(start.Codespace);
            return false;
        }

        start.Log.Write("docker", host.Line);
        if (host.Unavailable is not null)
        {
            docker.Forget(start.Codespace);
            return false;
        }

        await docker.OpenAsync(start.Codespace, start.Place.MountTarget, cancellationToken);
        return true;
    }

    /// <summary>Mounts everything again for containers of an earlier start. Their volumes still exist.</summary>
    /// <exception cref="FaultException">This host cannot mount anything.</exception>
    public async Task ResumeAsync(BegunStart start, CancellationToken cancellationToken)
    {
        WorkspaceParts.MountAgain(start.Folders, start.Workspace, line => start.Log.Write("workspace", line));
        await docker.ResumeAsync(start.Codespace, cancellationToken);
    }

    /// <summary>Removes the volumes of a codespace that is deleted, after its containers. Volumes that are gone are no error.</summary>
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
