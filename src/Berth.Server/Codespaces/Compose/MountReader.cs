using System.Security.Cryptography;
using System.Text;
using System.Text.RegularExpressions;
using Berth.Server.Codespaces.Devcontainers;
using Berth.Server.Codespaces.Features;
using Berth.Server.Faults;

namespace Berth.Server.Codespaces.Compose;

/// <summary>
/// Reads what a service wants to have mounted. The only thing of the host that a container gets is the whole checkout, whose own folder
/// nobody inside can exchange for a link; parts of it are copied, since a container that may write there could turn them into links to
/// anywhere before the next start.
/// </summary>
internal sealed partial class MountReader(
    Checkout checkout, ComposeFiles files, ComposeMap project, string repository, List<string> remarks)
{
    private const int MaxMounts = 200;

    public List<ComposeMount> Read(ComposeMap service, string name)
    {
        // By target: of two files that mount something at one place the later wins.
        var mounts = new OrderedDictionary<string, ComposeMount>(StringComparer.Ordinal);
        foreach (var node in checkout.Refusals.Try(() => Items(service["volumes"], $"services.{name}.volumes")) ?? [])
        {
            Count(node);
            checkout.Refusals.Try(() => Add(
                node is ComposeMap map ? Long(map, name, mounts.Count) : Short(ComposeFiles.TextOf(node), node, name, mounts.Count)));
        }

        foreach (var node in checkout.Refusals.Try(() => Items(service["tmpfs"], $"services.{name}.tmpfs")) ?? [])
        {
            Count(node);
            checkout.Refusals.Try(
                () => Add(new ComposeMount(ComposeMountKind.Memory, "", Target(ComposeFiles.TextOf(node).Split(':')[0], node), false)));
        }

        checkout.Refusals.Try(() => Files(service, name, "secrets", file => $"/run/secrets/{file}", mounts));
        checkout.Refusals.Try(() => Files(service, name, "configs", file => $"/{file}", mounts));
        return [.. mounts.Values.SelectMany(mount => Seen(mount, mounts.Values, name))];

        void Add(ComposeMount mount) => mounts[mount.Target] = mount;
    }

    /// <summary>A copy in the image would be hidden by a workspace that is mounted over it.</summary>
    private IEnumerable<ComposeMount> Seen(ComposeMount mount, IEnumerable<ComposeMount> all, string name)
    {
        var over = all.FirstOrDefault(other => other.Kind == ComposeMountKind.Workspace
            && mount.Target.StartsWith(other.Target + "/", StringComparison.Ordinal));
        if (mount.Kind != ComposeMountKind.Copy || over is null)
        {
            return [mount];
        }

        if (mount.Target[(over.Target.Length + 1)..] == mount.Source)
        {
            // It is the same file or folder.
            return [];
        }

        if (checkout.KindOf(mount.Source) != FileKind.Folder)
        {
            remarks.Add(
                $"services.{name}.volumes: {mount.Source} is not seen at {mount.Target}, which lies in the workspace; copy it there in a "
                    + "lifecycle command");
            return [];
        }

        // The engine fills a new volume with what the image has at its place.
        return [mount, mount with { Kind = ComposeMountKind.Volume, Source = VolumeNameOf("copy", mount.Target) }];
    }

    private static string VolumeNameOf(string what, string path) =>
        $"{what}-{Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(path)))[..16]}";

    private void Count(ComposeNode node) => checkout.Budget.Count("mounts", MaxMounts, node.Place);

    private ComposeMount Short(string text, ComposeNode node, string name, int index)
    {
        var parts = text.Split(':');
        if (parts.Length is < 1 or > 3)
        {
            throw node.Fault($"services.{name}.volumes: '{text}' is not written SOURCE:TARGET[:ro]");
        }

        var readOnly = parts.Length == 3 && parts[2].Split(',').Contains("ro");
        return parts.Length == 1 ? Volume($"anonymous-{name}-{index}", Target(text, node), false)
            : parts[0].StartsWith('.') || parts[0].StartsWith('/') || parts[0].StartsWith('~')
            ? Bind(parts[0], Target(parts[1], node), readOnly, node, name)
            : Named(parts[0], Target(parts[1], node), readOnly, node, name);
    }

    private ComposeMount Long(ComposeMap map, string name, int index)
    {
        var target = Target(ComposeFiles.TextOf(map["target"] ?? throw map.Fault($"services.{name}.volumes: a mount has a target")), map);
        var readOnly = map["read_only"] is ComposeText { AsBoolean: true };
        var source = map["source"] is { } node ? ComposeFiles.TextOf(node) : null;
        return (map["type"] is { } type ? ComposeFiles.TextOf(type) : "volume") switch
        {
            "bind" => Bind(source ?? throw map.Fault($"services.{name}.volumes: a bind has a source"), target, readOnly, map, name),
            "volume" when map["volume"] is ComposeMap volume && volume["subpath"] is { } path =>
                throw path.Fault($"services.{name}.volumes: subpath is not supported"),
            "volume" => source is null ? Volume($"anonymous-{name}-{index}", target, readOnly) : Named(source, target, readOnly, map, name),
            "tmpfs" => new ComposeMount(ComposeMountKind.Memory, "", target, readOnly),
            var other => throw map.Fault($"services.{name}.volumes: mounts of the type {other} are not allowed"),
        };
    }

    private ComposeMount Bind(string source, string target, bool readOnly, ComposeNode node, string name)
    {
        var what = $"{node.File}:{node.Line}: services.{name}.volumes";
        if (source.Contains("docker.sock", StringComparison.Ordinal) || source.Contains("containerd", StringComparison.Ordinal))
        {
            throw FeatureName.NeedsEngine($"{what}: '{source}'", "the host's container engine");
        }

        if (source.StartsWith('/') || source.StartsWith('~'))
        {
            throw new FaultException(
                FaultKind.Configuration,
                $"{what}: '{source}' lies outside the repository, and no container gets files of the host; name a path within the "
                    + "repository, or use a named volume");
        }

        var folder = files.FolderOf(node);

        // "../..:/workspaces" from .devcontainer is how templates write it: the folder that the checkout lies in, of which a codespace has
        // the checkout.
        if (IsParent(folder, source))
        {
            return new ComposeMount(ComposeMountKind.Workspace, "", $"{(target == "/" ? "" : target)}/{repository}", readOnly);
        }

        var path = checkout.Locate(folder, source, what);
        if (path.Length == 0)
        {
            return new ComposeMount(ComposeMountKind.Workspace, "", target, readOnly);
        }

        var kind = checkout.KindOf(path);
        if (kind == FileKind.Missing)
        {
            remarks.Add($"{what}: the repository has no {path}, so an empty folder of the codespace's disk is at {target}");
            return new ComposeMount(ComposeMountKind.Volume, VolumeNameOf("missing", path), target, readOnly);
        }

        if (kind is not (FileKind.File or FileKind.Folder))
        {
            throw new FaultException(FaultKind.Configuration, $"{what}: {path} is neither a file nor a folder");
        }

        remarks.Add(
            $"{what}: {path} is copied to {target}: only the whole repository can be mounted, and changes to the copy stay in the "
                + "container");
        return new ComposeMount(ComposeMountKind.Copy, path, target, readOnly);
    }

    private static bool IsParent(string folder, string source)
    {
        var depth = folder.Split('/', StringSplitOptions.RemoveEmptyEntries).Length;
        foreach (var segment in source.Split('/', StringSplitOptions.RemoveEmptyEntries).Where(segment => segment != "."))
        {
            if (segment != ".." || --depth < -1)
            {
                return false;
            }
        }

        return depth == -1;
    }

    private ComposeMount Named(string volume, string target, bool readOnly, ComposeNode node, string name)
    {
        if (project["volumes"] is not ComposeMap volumes || !volumes.Entries.TryGetValue(volume, out var declared))
        {
            throw node.Fault(
                $"services.{name}.volumes: there is no volume {volume}; declare it below volumes, or begin a path of the repository with "
                    + "./");
        }

        if (declared is ComposeMap about)
        {
            if (about["external"] is { IsUnset: false } external)
            {
                throw external.Fault($"volumes.{volume}.external: volumes from outside the codespace are not allowed");
            }

            if (about["driver"] is ComposeText { Value: not "local" } driver)
            {
                throw driver.Fault($"volumes.{volume}.driver: volume drivers are not allowed");
            }

            if (about["driver_opts"] is { IsUnset: false } options)
            {
                throw options.Fault($"volumes.{volume}.driver_opts: options could mount what is not the codespace's");
            }
        }

        return Volume(volume, target, readOnly);
    }

    private static ComposeMount Volume(string name, string target, bool readOnly) => VolumeGrammar().IsMatch(name)
        ? new ComposeMount(ComposeMountKind.Volume, name, target, readOnly)
        : throw new FaultException(FaultKind.Configuration, $"'{name}' is no name of a volume");

    /// <summary><c>secrets</c> and <c>configs</c>: files of the checkout, which are no secrets.</summary>
    private void Files(
        ComposeMap service, string name, string section, Func<string, string> place, OrderedDictionary<string, ComposeMount> mounts)
    {
        foreach (var node in Items(service[section], $"services.{name}.{section}"))
        {
            Count(node);
            var map = node as ComposeMap;
            var source = ComposeFiles.TextOf(
                map is null ? node : map["source"] ?? throw map.Fault($"services.{name}.{section}: it has a source"));
            var target = map?["target"] is { } named ? ComposeFiles.TextOf(named) : source;
            if ((project[section] as ComposeMap)?[source] is not ComposeMap declared)
            {
                throw node.Fault($"services.{name}.{section}: {section}.{source} is not declared");
            }

            if (declared["file"] is not { } file)
            {
                throw declared.Fault(
                    $"{section}.{source}: only files of the repository are supported; secrets of Berth are variables in the codespace's "
                        + "own processes");
            }

            var path = checkout.Locate(
                files.FolderOf(file), ComposeFiles.TextOf(file), $"{file.File}:{file.Line}: {section}.{source}.file");
            if (checkout.KindOf(path) != FileKind.File)
            {
                throw file.Fault($"{section}.{source}: the repository has no file {path}");
            }

            var at = Target(target.StartsWith('/') ? target : place(target), node);
            mounts[at] = new ComposeMount(ComposeMountKind.Copy, path, at, true);
        }
    }

    internal static IEnumerable<ComposeNode> Items(ComposeNode? node, string what) =>
        node is null ? [] : (node as ComposeList ?? throw node.Fault($"{what} is a list")).Items;

    /// <summary>A place in a container: none of the kernel's or Berth's, and without surprises.</summary>
    internal static string Target(string path, ComposeNode node)
    {
        // /dev/shm alone is memory of the container's own.
        return path.StartsWith('/') && !path.Split('/').Contains("..") && ContainerPath.TryParse(path, out var target)
            && ((target != ContainerPath.Root && !target.IsReserved && PlaceGrammar().IsMatch(target.Text)) || target.Text == "/dev/shm")
            ? target.Text
            : throw node.Fault($"'{path}' is no place in a container that something can be mounted at");
    }

    [GeneratedRegex(@"^(/[A-Za-z0-9_.@+ -]+)+\z", RegexOptions.ExplicitCapture | RegexOptions.NonBacktracking)]
    private static partial Regex PlaceGrammar();

    [GeneratedRegex(@"^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}\z", RegexOptions.ExplicitCapture | RegexOptions.NonBacktracking)]
    private static partial Regex VolumeGrammar();
}
