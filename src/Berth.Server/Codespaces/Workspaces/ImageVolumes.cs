using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using Berth.Server.Codespaces.Engine;
using Berth.Server.Codespaces.Sandbox;
using Berth.Server.Faults;

namespace Berth.Server.Codespaces.Workspaces;

/// <summary>
/// Gives the volumes that an image asks for (<c>VOLUME</c>) folders of the codespace's own disk: for those that nothing is mounted at the
/// engine would make volumes of its own, on its own disk. As an engine's, they begin with the image's files in each new container.
/// </summary>
internal sealed class ImageVolumes(IContainerEngine engine)
{
    /// <param name="name">Of the container that is about to be made.</param>
    /// <param name="body">Of the engine's call; it gets the mounts.</param>
    /// <param name="labels">By which the codespace's volumes are found when it goes.</param>
    /// <exception cref="FaultException">The image asks for a volume where nothing is mounted.</exception>
    public async Task AddAsync(
        Codespace codespace, CodespaceFolders folders, string name, JsonObject body, IReadOnlyDictionary<string, string> labels,
        CancellationToken cancellationToken)
    {
        if (await engine.ImageAsync((string)body["Image"]!, cancellationToken) is not { Volumes.Count: > 0 } image)
        {
            return;
        }

        var mounts = body["HostConfig"]!["Mounts"]!.AsArray();
        var taken = mounts.Select(mount => (string?)mount!["Target"])
            .Concat((body["HostConfig"]!["Tmpfs"] as JsonObject ?? []).Select(memory => memory.Key))
            .Select(PathOf).ToHashSet();
        var owner = (await engine.FactsAsync(cancellationToken)).FirstUser;
        foreach (var target in image.Volumes.Select(PathOf).Distinct().Where(target => !taken.Contains(target)))
        {
            if (target.IsKernels || target == ContainerPath.Root)
            {
                throw new FaultException(
                    FaultKind.Configuration, $"the image asks for a volume at {target}, where nothing is mounted",
                    "use an image without it");
            }

            var volume = "_image-" + Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes($"{name}\n{target}")))[..16];
            var (id, folder) = (EngineNames.VolumeOf(codespace.Name, volume), folders.Volume(volume));
            await engine.RemoveVolumeAsync(id, cancellationToken);
            CodespaceFolders.Delete(folder);
            Directory.CreateDirectory(folder);
            Ownership.GiveOne(folder, owner);
            await engine.CreateVolumeAsync(id, folder, labels, cancellationToken);
            mounts.Add(new JsonObject { ["Type"] = "volume", ["Source"] = id, ["Target"] = target.Text, ["ReadOnly"] = false });
        }
    }

    private static ContainerPath PathOf(string? text) => ContainerPath.TryParse(text, out var path)
        ? path
        : throw new FaultException(
            FaultKind.Configuration, "the image asks for a volume whose path is none", "use an image without it");
}
