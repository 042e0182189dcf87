using System.Text.Json.Nodes;
using Berth.Server.Codespaces.Expansion;
using Berth.Server.Codespaces.Isolation;
using Berth.Server.Faults;

namespace Berth.Server.Codespaces.Devcontainers;

/// <summary>
/// The mounts that a devcontainer.json asks for: volumes of the codespace, memory, the repository and parts of it. Mounts of the host's
/// files are left out with a line in the log, and the container starts without them.
/// </summary>
/// <param name="workspace">The path of the checkout in the container.</param>
internal sealed class ConfigurationMounts(DevcontainerFile file, string workspace, List<string> ignored)
{
    private const int Most = 100;

    private readonly OrderedDictionary<string, PlannedMount> _mounts = new(StringComparer.Ordinal);

    public string Workspace => workspace;

    /// <summary>The mounts in the order in which they were asked for. Of two at the same path the last one counts.</summary>
    public IReadOnlyList<PlannedMount> All => [.. _mounts.Values];

    public void Add(JsonNode? mounts)
    {
        foreach (var mount in mounts as JsonArray ?? [])
        {
            Add("mounts", mount?.ToJsonString() ?? "null", MountRequest.TryParse(mount, out var fault), fault);
        }
    }

    public void AddVolume(string text) => Add("runArgs: --volume", text, MountRequest.TryParseVolume(text, out var fault), fault);

    public void AddMount(string text) => Add("runArgs: --mount", text, MountRequest.TryParse(JsonValue.Create(text), out var fault), fault);

    public void AddMemory(string text) => Add("runArgs: --tmpfs", text, MountRequest.TryParseMemory(text, out var fault), fault);

    /// <summary>Adds the socket of docker inside, at the path where programs look for it.</summary>
    public void AddDocker() => _mounts.TryAdd(DockerSocket.Place, DockerSocket.Mount);

    private void Add(string where, string written, MountRequest? request, string fault)
    {
        file.Checkout.Budget.Count("mounts", Most, new TextPlace(file.Path, file.Lines.GetValueOrDefault(where.Split(':')[0])));
        if (request is null)
        {
            LeaveOut(where, Short(written), fault);
        }
        else if ((request.Type == "bind" && !request.IsDocker ? Bind(request, where) : request.WithoutFiles()) is { } mount)
        {
            _mounts[mount.Target] = mount;
        }
        else if (request.Type != "bind")
        {
            LeaveOut(where, Short(written), $"there are no mounts of the type '{Short(request.Type)}'");
        }
    }

    private PlannedMount? Bind(MountRequest request, string where)
    {
        var source = request.Source ?? "";
        if (PathOf(source) is not { } written)
        {
            LeaveOut(
                where, $"'{Short(source)}' (at {request.Target})",
                "it lies outside the repository, and no codespace has files of a host or of your machine; use a "
                    + "secret, dotfiles, or a volume");
            return null;
        }

        try
        {
            var path = file.Checkout.Locate("", written, where);
            return path.Length == 0
                ? new PlannedMount(PlannedMountKind.Workspace, "", request.Target, request.ReadOnly)
                : file.Checkout.KindOf(path) switch
                {
                    FileKind.File or FileKind.Folder => new PlannedMount(PlannedMountKind.Part, path, request.Target, request.ReadOnly),
                    FileKind.Missing => Missing(path, request, where),
                    _ => throw new FaultException(FaultKind.Configuration, "it is neither a file nor a folder"),
                };
        }
        catch (FaultException fault) when (fault is not LimitException)
        {
            LeaveOut(where, $"'{Short(source)}' (at {request.Target})", fault.Message);
            return null;
        }
    }

    /// <summary>The path within the checkout. Null for a path of the host.</summary>
    private string? PathOf(string source) =>
        source == workspace ? ""
        : source.StartsWith(workspace + "/", StringComparison.Ordinal) ? source[(workspace.Length + 1)..]
        : source.StartsWith("./", StringComparison.Ordinal) || source is "." ? source
        : null;

    private PlannedMount Missing(string path, MountRequest request, string where)
    {
        ignored.Add($"{where}: the repository has no {path}, so an empty folder of the codespace's disk is at {request.Target}");
        return new PlannedMount(PlannedMountKind.Volume, VolumeNames.OfMissing(path), request.Target, request.ReadOnly);
    }

    private void LeaveOut(string where, string what, string reason) => ignored.Add($"{where}: {what} is left out: {reason}");

    /// <summary>Shortens a text for a line of the log.</summary>
    internal static string Short(string text) => text.Length <= 200 ? text : text[..200] + "…";
}
