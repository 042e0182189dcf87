using System.Text.Json;
using Berth.Server.Codespaces.Engine;
using Berth.Server.Codespaces.Sandbox;
using Berth.Server.Faults;

namespace Berth.Server.Codespaces.Workspaces;

/// <summary>A container whose own layer lies on its codespace's disk.</summary>
/// <param name="Files">The engine's folder of the container's name files (<c>/etc/hosts</c> and others).</param>
internal sealed record PlacedLayer(string Container, string Layer, string Files);

/// <summary>
/// Puts what containers write outside their mounts onto their codespace's own disk: the container's own layer, and the name files
/// (<c>/etc/hosts</c> and others) that the engine makes for each container. A folder of that disk is mounted over the engine's before a
/// container first runs. So bytes and files are limited by the size of the codespace's disk. The engine notices nothing.
/// </summary>
internal sealed partial class ContainerLayers(
    IContainerEngine engine, CopyTree copy, ILogger<ContainerLayers> logger)
{
    private static readonly TimeSpan Timeout = TimeSpan.FromMinutes(1);
    private static readonly string[] FilesOfNames = ["hosts", "hostname", "resolv.conf"];

    /// <summary>
    /// Places the layer of a container that has never run. If this host cannot do so, the layer is counted but not limited, and the log
    /// says why.
    /// </summary>
    public async Task PlaceAsync(CodespaceFolders folders, string container, CancellationToken cancellationToken)
    {
        if (WorkspaceFilesystem.MountOf(folders) is null)
        {
            return;
        }

        try
        {
            Sweep(folders);
            if (await engine.ContainerAsync(container, cancellationToken) is not { Running: false, HasEnded: false, Layer: { } layer }
                || !File.Exists(Path.Combine(layer, "lower")))
            {
                LogCounted(container, "the engine does not keep it as overlay2 does, on this machine");
                return;
            }

            if (!await engine.SharesMountsAsync(cancellationToken))
            {
                LogCounted(container, "the engine sees other mounts than this server");
                return;
            }

            var files = Path.GetFullPath(Path.Combine(layer, "..", "..", "containers", container));
            var place = folders.Container(container);
            Directory.CreateDirectory(folders.Containers, Private);
            Directory.CreateDirectory(place);
            // The engine has made only a few things there: folders to mount at.
            if (await copy.RunAsync(layer, Path.Combine(place, "layer"), Timeout, cancellationToken) is { } said)
            {
                LogCounted(container, said);
                return;
            }

            foreach (var name in FilesOfNames)
            {
                await File.WriteAllBytesAsync(Path.Combine(place, name), [], cancellationToken);
            }

            Write(folders, [.. Placed(folders), new PlacedLayer(container, layer, files)]);
            PlaceAgain(folders);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or FaultException)
        {
            LogCounted(container, exception.Message);
        }
    }

    /// <summary>Mounts the layers of an earlier start's containers again, since a restarted machine has no mounts.</summary>
    /// <exception cref="FaultException">They cannot be mounted, and the containers would run without what they wrote.</exception>
    public static void PlaceAgain(CodespaceFolders folders)
    {
        var mounted = MountTable.Read().Select(mount => mount.Point).ToHashSet(StringComparer.Ordinal);
        foreach (var placed in Placed(folders).Where(IsThere))
        {
            try
            {
                foreach (var (own, engines) in Mounts(folders, placed).Where(mount => !mounted.Contains(mount.Engines)))
                {
                    if (engines != placed.Layer && !File.Exists(engines))
                    {
                        File.Create(engines).Dispose();
                    }

                    KernelMounts.Bind(own, engines);
                }
            }
            catch (IOException exception)
            {
                throw new FaultException(
                    FaultKind.Host, $"the container's own layer cannot be mounted ({exception.Message})", "rebuild the codespace");
            }
        }
    }

    /// <summary>
    /// Unmounts the layers, so that the disk below them can be unmounted. The containers must not run. Does nothing when nothing is
    /// mounted.
    /// </summary>
    public static void TakeAway(CodespaceFolders folders)
    {
        foreach (var (_, engines) in Placed(folders).SelectMany(placed => Mounts(folders, placed)))
        {
            KernelMounts.RemoveAll(engines);
        }
    }

    /// <summary>The containers whose own layers lie on the codespace's disk.</summary>
    public static IReadOnlySet<string> ContainersOf(CodespaceFolders folders) =>
        Placed(folders).Select(placed => placed.Container).ToHashSet(StringComparer.Ordinal);

    /// <summary>Deletes the layers of containers that are gone.</summary>
    public static void Sweep(CodespaceFolders folders)
    {
        if (WorkspaceFilesystem.MountOf(folders) is null)
        {
            return;
        }

        var (kept, gone) = (Placed(folders).Where(IsThere).ToList(), Placed(folders).Where(placed => !IsThere(placed)).ToList());
        foreach (var (_, engines) in gone.SelectMany(placed => Mounts(folders, placed)))
        {
            KernelMounts.RemoveAll(engines);
        }

        if (gone.Count > 0)
        {
            Write(folders, kept);
        }

        if (!Directory.Exists(folders.Containers))
        {
            return;
        }

        foreach (var folder in Directory.EnumerateDirectories(folders.Containers)
            .Where(folder => kept.TrueForAll(placed => placed.Container != Path.GetFileName(folder))))
        {
            CodespaceFolders.Delete(folder);
        }
    }

    private const UnixFileMode Private = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;

    /// <summary>True while the container exists. The engine removes both folders with it.</summary>
    private static bool IsThere(PlacedLayer placed) => Directory.Exists(placed.Layer) && Directory.Exists(placed.Files);

    private static IEnumerable<(string Own, string Engines)> Mounts(CodespaceFolders folders, PlacedLayer placed)
    {
        var own = folders.Container(placed.Container);
        return FilesOfNames.Select(name => (Path.Combine(own, name), Path.Combine(placed.Files, name)))
            .Prepend((Path.Combine(own, "layer"), placed.Layer));
    }

    private static List<PlacedLayer> Placed(CodespaceFolders folders) =>
        File.Exists(folders.LayersList) ? JsonSerializer.Deserialize<List<PlacedLayer>>(File.ReadAllBytes(folders.LayersList)) ?? [] : [];

    private static void Write(CodespaceFolders folders, IReadOnlyList<PlacedLayer> placed) =>
        File.WriteAllBytes(folders.LayersList, JsonSerializer.SerializeToUtf8Bytes(placed));

    [LoggerMessage(
        Level = LogLevel.Warning,
        Message = "Codespaces: what the container {Container} writes beside its mounts is counted, and not bounded by its disk: {Reason}")]
    private partial void LogCounted(string container, string reason);
}
