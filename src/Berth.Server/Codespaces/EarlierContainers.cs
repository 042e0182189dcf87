using System.Text.Json;
using Berth.Server.Codespaces.Builds;
using Berth.Server.Codespaces.Engine;
using Berth.Server.Codespaces.Workspaces;

namespace Berth.Server.Codespaces;

/// <summary>A container that is set aside while new ones take its place.</summary>
/// <param name="Name">Its name before it was set aside.</param>
internal sealed record ContainerAside(string Id, string Name);

/// <summary>
/// The containers of an earlier start while a codespace gets new ones. Containers that people worked in stay, stopped and renamed, until
/// the new ones run. Without them, a mistake that shows only at the start would lock people out of their work.
/// </summary>
internal sealed class EarlierContainers(
    IContainerEngine engine, CodespaceContainers containers, CodespaceHost host, StopCodespace stop, BuiltImages images)
{
    /// <summary>Stops what runs in them, and the codespace's own engine.</summary>
    public Task PauseAsync(Codespace codespace, CancellationToken cancellationToken) => stop.PauseAsync(codespace, cancellationToken);

    /// <summary>Takes all of them away: nobody has worked in them.</summary>
    public async Task RemoveAsync(Codespace codespace, CancellationToken cancellationToken)
    {
        await stop.RemoveContainersAsync(codespace, cancellationToken);
        await images.RemoveOldAsync(codespace, cancellationToken);
    }

    /// <summary>Renames the containers and moves the files that say how to start them, so that new ones can be made.</summary>
    public async Task SetAsideAsync(Codespace codespace, CancellationToken cancellationToken)
    {
        var folders = host.Folders(codespace);
        var own = (await containers.OfAsync(codespace, cancellationToken)).Select(container => container.ContainerId).ToHashSet();
        var aside = (await engine.ContainersAsync(containers.LabelsOf(codespace), cancellationToken))
            .Where(container => own.Contains(container.Id))
            .Select(container => new ContainerAside(container.Id, container.Name)).ToList();
        CodespaceFolders.Delete(folders.Before);
        Directory.CreateDirectory(folders.Before);
        foreach (var file in folders.OfContainers.Where(File.Exists))
        {
            File.Copy(file, Path.Combine(folders.Before, Path.GetFileName(file)));
        }

        // They count as set aside once this list exists: after a crash from here on, the next start finds it.
        await File.WriteAllBytesAsync(folders.BeforeList, JsonSerializer.SerializeToUtf8Bytes(aside), cancellationToken);
        foreach (var container in aside)
        {
            await engine.RenameAsync(container.Id, EngineNames.AsideOf(container.Id), cancellationToken);
        }
    }

    /// <summary>Removes the new containers and puts back those that were set aside. Does nothing when none were.</summary>
    public async Task BringBackAsync(Codespace codespace, CancellationToken cancellationToken)
    {
        var folders = host.Folders(codespace);
        if (Read(folders) is not { } aside)
        {
            return;
        }

        await stop.PauseAsync(codespace, cancellationToken);
        foreach (var container in (await containers.OfAsync(codespace, cancellationToken))
            .Where(container => aside.TrueForAll(kept => kept.Id != container.ContainerId)))
        {
            await containers.RemoveAsync(container.ContainerId, cancellationToken);
        }

        ContainerLayers.Sweep(folders);
        foreach (var container in aside)
        {
            await engine.RenameAsync(container.Id, container.Name, cancellationToken);
        }

        foreach (var file in folders.OfContainers)
        {
            var kept = Path.Combine(folders.Before, Path.GetFileName(file));
            File.Delete(file);
            if (File.Exists(kept))
            {
                File.Copy(kept, file);
            }
        }

        CodespaceFolders.Delete(folders.Before);
    }

    /// <summary>Removes the earlier containers, since the new ones run.</summary>
    public async Task ForgetAsync(Codespace codespace, CancellationToken cancellationToken)
    {
        var folders = host.Folders(codespace);
        var aside = Read(folders) ?? [];
        CodespaceFolders.Delete(folders.Before);
        foreach (var container in aside)
        {
            await containers.RemoveAsync(container.Id, cancellationToken);
        }

        ContainerLayers.Sweep(folders);
        await images.RemoveOldAsync(codespace, cancellationToken);
    }

    private static List<ContainerAside>? Read(CodespaceFolders folders) => File.Exists(folders.BeforeList)
        ? JsonSerializer.Deserialize<List<ContainerAside>>(File.ReadAllBytes(folders.BeforeList))
        : null;
}
