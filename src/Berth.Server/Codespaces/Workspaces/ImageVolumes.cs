using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using Berth.Server.Codespaces.Engine;
using Berth.Server.Codespaces.Sandbox;
using Berth.Server.Faults;

namespace Berth.Server.Codespaces.Workspaces;

/// <summary>An existing container whose image's volumes another container has as well.</summary>
internal sealed record VolumesOf(string Container, string Image, bool ReadOnly);

/// <summary>
/// Gives an image's volumes (<c>VOLUME</c>) folders on the codespace's own disk. Otherwise the engine would make its own volumes, on its
/// own disk, wherever nothing is mounted. Like the engine's, they begin with the image's files in each new container.
/// </summary>
internal sealed class ImageVolumes(IContainerEngine engine)
{
    /// <param name="body">The mounts are added to it.</param>
    /// <param name="others">Containers whose images' volumes it has as well, where nothing is mounted. The last one wins.</param>
    /// <exception cref="FaultException">The image asks for a volume at a place where nothing may be mounted.</exception>
    public async Task AddAsync(
        Codespace codespace, CodespaceFolders folders, string name, JsonObject body, IReadOnlyList<VolumesOf> others,
        IReadOnlyDictionary<string, string> labels, CancellationToken cancellationToken)
    {
        List<(VolumesOf Of, ContainerPath Target)> wanted = [];
        foreach (var of in others.Reverse().Append(new VolumesOf(name, (string)body["Image"]!, ReadOnly: false)))
        {
            wanted.AddRange(((await engine.ImageAsync(of.Image, cancellationToken))?.Volumes ?? []).Select(path => (of, PathOf(path))));
        }

        if (wanted.Count == 0)
        {
            return;
        }

        var mounts = body["HostConfig"]!["Mounts"]!.AsArray();
        var taken = mounts.Select(mount => (string?)mount!["Target"])
            .Concat((body["HostConfig"]!["Tmpfs"] as JsonObject ?? []).Select(memory => memory.Key))
            .Select(PathOf).ToHashSet();
        var own = $"_image-{codespace.Attempt}-";
        await RemoveOldAsync(codespace, folders, own, labels, cancellationToken);
        var owner = (await engine.FactsAsync(cancellationToken)).FirstUser;
        foreach (var (of, target) in wanted.Where(one => taken.Add(one.Target)))
        {
            if (target.IsKernels || target == ContainerPath.Root)
            {
                throw new FaultException(
                    FaultKind.Configuration, $"the image asks for a volume at {target}, where nothing is mounted",
                    "use an image without it");
            }

            var volume = own + Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes($"{of.Container}\n{target}")))[..16];
            var (id, folder) = (EngineNames.VolumeOf(codespace.Name, volume), folders.Volume(volume));
            if (!Directory.Exists(folder))
            {
                Directory.CreateDirectory(folder);
                Ownership.GiveOne(folder, owner);
            }

            await engine.CreateVolumeAsync(id, folder, labels, cancellationToken);
            mounts.Add(new JsonObject { ["Type"] = "volume", ["Source"] = id, ["Target"] = target.Text, ["ReadOnly"] = of.ReadOnly });
        }
    }

    /// <summary>
    /// Removes the volumes of earlier starts. Containers of the last start may still use theirs, which are removed the next time.
    /// </summary>
    private async Task RemoveOldAsync(
        Codespace codespace, CodespaceFolders folders, string own, IReadOnlyDictionary<string, string> labels,
        CancellationToken cancellationToken)
    {
        var prefix = EngineNames.VolumeOf(codespace.Name, "");
        foreach (var volume in (await engine.VolumesAsync(labels, cancellationToken))
            .Where(volume => volume.StartsWith(prefix + "_image-", StringComparison.Ordinal)
                && !volume.StartsWith(prefix + own, StringComparison.Ordinal)))
        {
            try
            {
                await engine.RemoveVolumeAsync(volume, cancellationToken);
                CodespaceFolders.Delete(folders.Volume(volume[prefix.Length..]));
            }
            catch (EngineException exception) when (exception.Status == 409)
            {
                // The volume is in use.
            }
        }
    }

    private static ContainerPath PathOf(string? text) => ContainerPath.TryParse(text, out var path)
        ? path
        : throw new FaultException(
            FaultKind.Configuration, "the image asks for a volume whose path is none", "use an image without it");
}
