using Berth.Server.Codespaces.Devcontainers;
using Berth.Server.Codespaces.Isolation;
using Berth.Server.Faults;

namespace Berth.Server.Codespaces.Compose;

/// <summary>
/// Reads the mounts of a service: the checkout or a part of it, volumes of the codespace, and memory. Files of the host and volumes from
/// outside are never mounted. Instead a line says so, since most services work without them.
/// </summary>
internal sealed class MountReader(
    Checkout checkout, ComposeFiles files, ComposeMap project, string repository, List<string> remarks)
{
    private const int MaxMounts = 200;

    /// <summary>Properties that ask for docker inside, in addition to mounts of an engine's socket.</summary>
    private static readonly string[] AsksForDocker = ["privileged", "use_api_socket"];

    public List<PlannedMount> Read(ComposeMap service, string name)
    {
        // By target: if two files mount something at one path, the later one wins.
        var mounts = new OrderedDictionary<string, PlannedMount>(StringComparer.Ordinal);
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
                () => Add(new PlannedMount(PlannedMountKind.Memory, "", Target(ComposeFiles.TextOf(node).Split(':')[0], node), false)));
        }

        if (AsksForDocker.Any(key => service[key] is ComposeText { AsBoolean: true }))
        {
            mounts.TryAdd(DockerSocket.Place, DockerSocket.Mount);
        }

        checkout.Refusals.Try(() => Files(service, name, "secrets", file => $"/run/secrets/{file}", mounts));
        checkout.Refusals.Try(() => Files(service, name, "configs", file => $"/{file}", mounts));
        return [.. mounts.Values];

        void Add(PlannedMount? mount)
        {
            if (mount is not null)
            {
                mounts[mount.Target] = mount;
            }
        }
    }

    /// <summary>The services that <c>volumes_from</c> names.</summary>
    public List<MountsFrom> From(ComposeMap service, string name)
    {
        var what = $"services.{name}.volumes_from";
        List<MountsFrom> from = [];
        foreach (var node in Items(service["volumes_from"], what))
        {
            Count(node);
            var text = ComposeFiles.TextOf(node);
            if (text.StartsWith("container:", StringComparison.Ordinal))
            {
                throw node.Fault(
                    $"{what}: mounts of other containers are not allowed; name a service of these files, or share a named volume");
            }

            var parts = text.Split(':');
            if (parts is not ([_] or [_, "ro" or "rw"]))
            {
                throw node.Fault($"{what}: '{text}' is not written SERVICE[:ro|:rw]");
            }

            if (project["services"] is ComposeMap services && services[parts[0]] is null)
            {
                throw node.Fault(
                    $"{what}: there is no service {parts[0]}; there are {string.Join(", ", services.Entries.Keys)}");
            }

            from.Add(new MountsFrom(parts[0], parts is [_, "ro"], node.Place));
        }

        return from;
    }

    /// <summary>
    /// Adds to services the mounts that they take from others. A service's own mounts win, then those of the service that is named last.
    /// </summary>
    /// <param name="services">The services, each after those that it needs.</param>
    /// <returns>The same services, in the same order.</returns>
    public List<ComposeService> Share(IReadOnlyList<ComposeService> services)
    {
        Dictionary<string, ComposeService> whole = new(StringComparer.Ordinal);
        foreach (var service in services)
        {
            var mounts = new OrderedDictionary<string, PlannedMount>(StringComparer.Ordinal);
            var all = new OrderedDictionary<string, MountsFrom>(StringComparer.Ordinal);
            foreach (var from in service.MountsFrom)
            {
                // A service that was refused is missing here.
                if (!whole.TryGetValue(from.Service, out var source))
                {
                    continue;
                }

                foreach (var mount in source.Mounts)
                {
                    checkout.Budget.Count("mounts", MaxMounts, from.Place);
                    mounts[mount.Target] = mount with { ReadOnly = mount.ReadOnly || from.ReadOnly };
                }

                // Mounts from other services hide volumes of its own image.
                foreach (var further in source.MountsFrom.Prepend(from))
                {
                    all.Remove(further.Service);
                    all[further.Service] = further with { ReadOnly = further.ReadOnly || from.ReadOnly };
                }
            }

            foreach (var mount in service.Mounts)
            {
                mounts[mount.Target] = mount;
            }

            whole[service.Name] = service with { Mounts = [.. mounts.Values], MountsFrom = [.. all.Values] };
        }

        return
        [
            .. services.Select(service => whole[service.Name]).Select(service => service with
            {
                Mounts = [.. service.Mounts.Where(mount => !IsSeen(mount, service.Mounts))],
            }),
        ];
    }

    /// <summary>True when a file or folder of the workspace is mounted at its own place there, where it is seen without a mount.</summary>
    private static bool IsSeen(PlannedMount mount, IEnumerable<PlannedMount> all) =>
        mount.Kind == PlannedMountKind.Part && !mount.ReadOnly
        && all.Any(other => other.Kind == PlannedMountKind.Workspace && mount.Target == $"{other.Target}/{mount.Source}");

    private void Count(ComposeNode node) => checkout.Budget.Count("mounts", MaxMounts, node.Place);

    private PlannedMount? Short(string text, ComposeNode node, string name, int index)
    {
        var parts = text.Split(':');
        if (parts.Length is < 1 or > 3)
        {
            throw node.Fault($"services.{name}.volumes: '{text}' is not written SOURCE:TARGET[:ro]");
        }

        var readOnly = parts.Length == 3 && parts[2].Split(',').Contains("ro");
        return parts.Length == 1 ? Volume($"anonymous-{name}-{index}", Target(text, node), false)
            : parts[0].StartsWith('.') || parts[0].StartsWith('/') || parts[0].StartsWith('~')
            ? Bind(parts[0], parts[1], readOnly, node, name)
            : Named(parts[0], Target(parts[1], node), readOnly, node, name);
    }

    private PlannedMount? Long(ComposeMap map, string name, int index)
    {
        var written = ComposeFiles.TextOf(map["target"] ?? throw map.Fault($"services.{name}.volumes: a mount has a target"));
        var readOnly = map["read_only"] is ComposeText { AsBoolean: true };
        var source = map["source"] is { } node ? ComposeFiles.TextOf(node) : null;
        return (map["type"] is { } type ? ComposeFiles.TextOf(type) : "volume") switch
        {
            "bind" => Bind(source ?? throw map.Fault($"services.{name}.volumes: a bind has a source"), written, readOnly, map, name),
            _ when source is not null && DockerSocket.IsSource(source) => DockerSocket.At(Target(written, map)),
            "volume" when map["volume"] is ComposeMap volume && volume["subpath"] is { } path =>
                throw path.Fault($"services.{name}.volumes: subpath is not supported"),
            "volume" => source is null
                ? Volume($"anonymous-{name}-{index}", Target(written, map), readOnly)
                : Named(source, Target(written, map), readOnly, map, name),
            "tmpfs" => new PlannedMount(PlannedMountKind.Memory, "", Target(written, map), readOnly),
            var other => throw map.Fault($"services.{name}.volumes: mounts of the type {other} are not allowed"),
        };
    }

    /// <param name="place">The target as the file has it. It is not checked, since a mount that is left out may name any path.</param>
    private PlannedMount? Bind(string source, string place, bool readOnly, ComposeNode node, string name)
    {
        var what = $"{node.File}:{node.Line}: services.{name}.volumes";
        if (DockerSocket.IsSource(source))
        {
            return DockerSocket.At(Target(place, node));
        }

        var folder = files.FolderOf(node);
        if (WithinWorkspace(source) is { } within)
        {
            (folder, source) = ("", within);
        }
        else if (source.StartsWith('/') || source.StartsWith('~'))
        {
            remarks.Add(
                $"{what}: '{source}' is left out: it lies outside the repository, and no container gets files of the host; what the "
                    + "service needs of it can be a path within the repository, a named volume, or a secret");
            return null;
        }

        var target = Target(place, node);

        // Templates write "../..:/workspaces" in .devcontainer. This is the folder above the checkout, and a codespace has only the
        // checkout in it.
        if (IsParent(folder, source))
        {
            return new PlannedMount(PlannedMountKind.Workspace, "", $"{(target == "/" ? "" : target)}/{repository}", readOnly);
        }

        string path;
        try
        {
            path = checkout.Locate(folder, source, what);
        }
        catch (FaultException fault) when (fault is not LimitException)
        {
            remarks.Add($"{fault.Message}; '{source}' is left out");
            return null;
        }

        if (path.Length == 0)
        {
            return new PlannedMount(PlannedMountKind.Workspace, "", target, readOnly);
        }

        var kind = checkout.KindOf(path);
        if (kind == FileKind.Missing)
        {
            remarks.Add($"{what}: the repository has no {path}, so an empty folder of the codespace's disk is at {target}");
            return new PlannedMount(PlannedMountKind.Volume, VolumeNames.OfMissing(path), target, readOnly);
        }

        if (kind is not (FileKind.File or FileKind.Folder))
        {
            throw new FaultException(FaultKind.Configuration, $"{what}: {path} is neither a file nor a folder");
        }

        return new PlannedMount(PlannedMountKind.Part, path, target, readOnly);
    }

    /// <summary>The part of a path after <c>${PWD}</c>, if it begins with that.</summary>
    private string? WithinWorkspace(string source)
    {
        var place = WorkspacePlace.Usual(repository);
        return source == place ? "." : source.StartsWith(place + "/", StringComparison.Ordinal) ? "." + source[place.Length..] : null;
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

    private PlannedMount Named(string volume, string target, bool readOnly, ComposeNode node, string name)
    {
        if (project["volumes"] is not ComposeMap volumes || !volumes.Entries.TryGetValue(volume, out var declared))
        {
            throw node.Fault(
                $"services.{name}.volumes: there is no volume {volume}; declare it below volumes, or begin a path of the repository with "
                    + "./");
        }

        if (declared is ComposeMap about)
        {
            LeaveOut(
                about["external"] is { IsUnset: false } and not ComposeText { AsBoolean: false } ? about["external"] : null, "external",
                    "volumes from outside the codespace are not mounted");
            LeaveOut(about["driver"] is ComposeText { Value: "local" } ? null : about["driver"], "driver", "volume drivers are not used");
            LeaveOut(about["driver_opts"], "driver_opts", "options could mount what is not the codespace's");
        }

        return Volume(volume, target, readOnly);

        void LeaveOut(ComposeNode? option, string key, string reason)
        {
            if (option is { IsUnset: false }
                && $"{option.File}:{option.Line}: volumes.{volume}.{key} is ignored: {reason}; the volume is a folder of the codespace's "
                + "own "
                    + "disk" is var remark && !remarks.Contains(remark))
            {
                remarks.Add(remark);
            }
        }
    }

    private static PlannedMount Volume(string name, string target, bool readOnly) => VolumeNames.IsOne(name)
        ? new PlannedMount(PlannedMountKind.Volume, name, target, readOnly)
        : throw new FaultException(FaultKind.Configuration, $"'{name}' is no name of a volume");

    /// <summary>Reads <c>secrets</c> and <c>configs</c>. They are files of the checkout, so they are not secret.</summary>
    private void Files(
        ComposeMap service, string name, string section, Func<string, string> place, OrderedDictionary<string, PlannedMount> mounts)
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

            var at = Target(target.StartsWith('/') ? target : place(target), node);
            mounts[at] = TextOf(declared) is { } text
                ? new PlannedMount(PlannedMountKind.Text, text, at, true)
                : new PlannedMount(PlannedMountKind.Part, FileOf(declared, $"{section}.{source}"), at, true);
        }
    }

    /// <summary>The text in the file itself, or the value of a variable of <c>.env</c>. Null for a file.</summary>
    private string? TextOf(ComposeMap declared) =>
        declared["content"] is { } content ? ComposeFiles.TextOf(content)
        : declared["environment"] is { } name ? files.ValueOf(ComposeFiles.TextOf(name), name)
        : null;

    private string FileOf(ComposeMap declared, string what)
    {
        if (declared["file"] is not { } file)
        {
            throw declared.Fault(
                $"{what}: it is neither a file of the repository nor a text that stands here or in .env; secrets of Berth are variables in "
                    + "the codespace's own processes");
        }

        var path = checkout.Locate(files.FolderOf(file), ComposeFiles.TextOf(file), $"{file.File}:{file.Line}: {what}.file");
        return checkout.KindOf(path) == FileKind.File ? path : throw file.Fault($"{what}: the repository has no file {path}");
    }

    internal static IEnumerable<ComposeNode> Items(ComposeNode? node, string what) =>
        node is null ? [] : (node as ComposeList ?? throw node.Fault($"{what} is a list")).Items;

    /// <summary>The target of a mount. It must not belong to the kernel or to Berth, or have unusual characters.</summary>
    internal static string Target(string path, ComposeNode node) => MountTarget.Of(path)
        ?? throw node.Fault($"'{path}' is no place in a container that something can be mounted at");
}
