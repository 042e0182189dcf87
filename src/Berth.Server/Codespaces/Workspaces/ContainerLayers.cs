using System.Text.Json;
using Berth.Server.Codespaces.Engine;
using Berth.Server.Codespaces.Sandbox;
using Berth.Server.Faults;

namespace Berth.Server.Codespaces.Workspaces;

/// <summary>A container whose own layer lies on its codespace's disk.</summary>
/// <param name="Layer">Where the engine has the layer.</param>
/// <param name="Files">Where the engine has the container's files of names.</param>
internal sealed record PlacedLayer(string Container, string Layer, string Files);

/// <summary>
/// Puts what containers write beside their mounts onto their codespace's own disk: the layer that all of their root folder is written to,
/// and the files of names (<c>/etc/hosts</c>) that the engine makes for each. A folder of that disk is mounted over the engine's before a
/// container first runs, so the kernel ends what it writes, bytes and files, where the codespace's disk ends. The engine notices nothing.
/// </summary>
internal sealed partial class ContainerLayers(
    IContainerEngine engine, CopyTree copy, ILogger<ContainerLayers> logger)
{
    private static readonly TimeSpan Timeout = TimeSpan.FromMinutes(1);
    private static readonly string[] FilesOfNames = ["hosts", "hostname", "resolv.conf"];

    /// <summary>For a container that has never run. Where this host cannot, it is counted and not bounded, and the log says why.</summary>
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
            // What the engine has made is little: folders to mount at.
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

    /// <summary>For containers of an earlier start: a machine that was restarted has no mounts.</summary>
    /// <exception cref="FaultException">They cannot be: the containers would run without what they wrote.</exception>
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

    /// <summary>Their containers do not run. The disk below them is free to go then. Nothing mounted is fine.</summary>
    public static void TakeAway(CodespaceFolders folders)
    {
        foreach (var (_, engines) in Placed(folders).SelectMany(placed => Mounts(folders, placed)))
        {
            KernelMounts.RemoveAll(engines);
        }
    }

    /// <summary>Those whose own layers lie on the codespace's disk.</summary>
    public static IReadOnlySet<string> ContainersOf(CodespaceFolders folders) =>
        Placed(folders).Select(placed => placed.Container).ToHashSet(StringComparer.Ordinal);

    /// <summary>Takes away what containers wrote that are gone.</summary>
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

    /// <summary>The engine takes both folders away with the container.</summary>
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
