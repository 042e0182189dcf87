using Berth.Server.Codespaces.Devcontainers;
using Berth.Server.Faults;

namespace Berth.Server.Codespaces.Compose;

/// <summary>
/// Merges the compose files of a configuration (compose specification, "Merge", "Extend", "Include"). Later files win over earlier ones.
/// Only files of the checkout may be extended or included. <see cref="ServiceReader"/> checks the rest of the specification.
/// </summary>
/// <param name="workspace">The value of <c>${PWD}</c>.</param>
internal sealed class ComposeFiles(Checkout checkout, string workspace, List<string> remarks)
{
    private const long MaxBytes = 256 * 1024;
    private const int MaxFiles = 20;

    private static readonly string[] Sections = ["services", "volumes", "networks", "secrets", "configs"];

    /// <summary>Properties whose value replaces that of an earlier file as a whole.</summary>
    private static readonly string[] Replaced = ["command", "entrypoint", "test"];

    /// <summary>Maps that may be written as lists of <c>NAME=VALUE</c> or of names.</summary>
    private static readonly string[] Maps =
        [
            "environment", "args", "labels", "extra_hosts", "sysctls", "depends_on", "networks", "annotations",
        ];

    /// <summary>Maps within <c>build</c> that may be written as lists.</summary>
    private static readonly string[] MapsOfBuild = ["args", "additional_contexts"];

    private readonly Dictionary<string, string> _folders = new(StringComparer.Ordinal);
    private readonly Dictionary<string, Dictionary<string, string>> _values = new(StringComparer.Ordinal);
    private readonly List<ComposeVariables> _variables = [];
    private int _files;

    /// <summary>The folder at which a file's relative paths begin: the folder of its project's first file.</summary>
    public string FolderOf(ComposeNode node) => _folders[node.File];

    /// <summary>Variables without a value.</summary>
    public IEnumerable<string> Unknown => _variables.SelectMany(variables => variables.Unknown).Distinct(StringComparer.Ordinal);

    /// <summary>The value of a variable, as the file that names it sees it. Null: it has none.</summary>
    public string? ValueOf(string variable, ComposeNode node) => _values.GetValueOrDefault(FolderOf(node))?.GetValueOrDefault(variable);

    /// <param name="paths">Paths within the checkout. Later files win.</param>
    /// <exception cref="FaultException">A file is missing or wrong. The message names file and line.</exception>
    public ComposeMap Load(IReadOnlyList<string> paths) => Project(paths, ParentOf(paths[0]), [], 0);

    /// <param name="environment">Files of variables in addition to <c>.env</c>.</param>
    private ComposeMap Project(IReadOnlyList<string> paths, string folder, IReadOnlyList<string> environment, int depth)
    {
        var variables = Variables(folder, environment);
        ComposeMap? all = null;
        foreach (var path in paths)
        {
            var file = Read(path, folder, variables);
            foreach (var (name, value) in file.Entries.Where(
                entry => !Sections.Contains(entry.Key)
                    && entry.Key is not ("name" or "version" or "include")
                    && !entry.Key.StartsWith("x-", StringComparison.Ordinal)))
            {
                remarks.Add($"{value.File}:{value.Line}: {name} is left out: codespaces do not know it");
            }

            file = Included(file, folder, depth);
            all = all is null ? file : Merge(all, file, "");
        }

        return Extended(all!);
    }

    private ComposeMap Included(ComposeMap file, string folder, int depth)
    {
        if (file["include"] is not { } include)
        {
            return file;
        }

        if (depth > 4)
        {
            throw include.Fault("files include each other too deeply");
        }

        var result = file.Without("include");
        foreach (var item in (include as ComposeList ?? throw include.Fault("include is a list of files")).Items)
        {
            var map = item as ComposeMap;
            var paths = Located(map is null ? item : map["path"] ?? throw item.Fault("include names files"), folder);
            var place = map?["project_directory"] is { } other ? Located(other, folder)[0] : ParentOf(paths[0]);
            var environment = map?["env_file"] is { } files ? Located(files, folder) : [];

            // The file's own content wins over what it includes.
            result = Merge(Project(paths, place, environment, depth + 1), result, "");
        }

        return result;
    }

    /// <summary>Resolves one path or several, within the checkout.</summary>
    private List<string> Located(ComposeNode node, string folder)
    {
        IReadOnlyList<ComposeNode> named = node is ComposeList several ? several.Items : [node];
        return named.Count == 0
            ? throw node.Fault("include names files")
            : [.. named.Select(path => checkout.Locate(folder, TextOf(path), $"{path.File}:{path.Line}: include"))];
    }

    private ComposeMap Read(string path, string folder, ComposeVariables variables)
    {
        if (++_files > MaxFiles)
        {
            throw new FaultException(FaultKind.Configuration, $"more than {MaxFiles} compose files");
        }

        // A file may be part of two projects. The first one decides where its paths begin.
        _folders.TryAdd(path, folder);
        var map = (ComposeMap)variables.Replace(
            ComposeYaml.Read(checkout.ReadText(path, MaxBytes, "the compose file"), path, checkout.Budget));
        foreach (var section in Sections)
        {
            if (map[section] is { } node and not ComposeMap)
            {
                throw node.Fault($"{section} is a mapping of names");
            }
        }

        return map["services"] is ComposeMap services
            ? map.With(("services", services with
            {
                Entries = new OrderedDictionary<string, ComposeNode>(
                    services.Entries.Select(entry => KeyValuePair.Create<string, ComposeNode>(
                        entry.Key,
                        Canonical(entry.Value as ComposeMap ?? throw entry.Value.Fault($"the service {entry.Key} is a mapping")))),
                        StringComparer.Ordinal),
            }))
            : map;
    }

    /// <param name="more">Files of variables within the checkout, in addition to <c>.env</c>.</param>
    private ComposeVariables Variables(string folder, params IEnumerable<string> more)
    {
        Dictionary<string, string> values = new(StringComparer.Ordinal);
        var usual = folder.Length == 0 ? ".env" : folder + "/.env";
        foreach (var path in more.Append(usual).Where(path => path != usual || checkout.KindOf(path) != FileKind.Missing))
        {
            foreach (var (name, value) in ReadVariables(path, "variables of compose files", values))
            {
                values.TryAdd(name, value);
            }
        }

        // PWD is always the folder in which the program was started, whatever a file says.
        values["PWD"] = workspace;
        var variables = new ComposeVariables(values, checkout.Budget);
        _variables.Add(variables);
        _values.TryAdd(folder, values);
        return variables;
    }

    /// <summary>Reads an <c>env_file</c>, whose values may refer to variables of the project.</summary>
    public Dictionary<string, string> ReadEnvironment(string path, string what, ComposeNode node) =>
        ReadVariables(path, what, _values.GetValueOrDefault(FolderOf(node)) ?? []);

    private Dictionary<string, string> ReadVariables(string path, string what, Dictionary<string, string> outer) =>
        new EnvironmentFile(path, outer, checkout.Budget, remarks).Read(checkout.ReadText(path, MaxBytes, what));

    /// <summary>Converts short forms to their long form, so that both can be merged.</summary>
    private static ComposeMap Canonical(ComposeMap service)
    {
        var entries = new OrderedDictionary<string, ComposeNode>(StringComparer.Ordinal);
        foreach (var (name, value) in service.Entries)
        {
            entries[name] = value switch
            {
                ComposeText { IsNull: false } text when name == "build" =>
                    new ComposeMap(text.File, text.Line, new Dictionary<string, ComposeNode> { ["context"] = text }),
                ComposeText { IsNull: false } text when name is "env_file" or "tmpfs" => new ComposeList(text.File, text.Line, [text]),
                ComposeMap build when name == "build" => build.With(
                    [.. MapsOfBuild.Where(key => build[key] is ComposeList).Select(key => (key, ToMap((ComposeList)build[key]!)))]),
                ComposeList list when Maps.Contains(name) => ToMap(list),
                _ => value,
            };
        }

        return service with { Entries = entries };
    }

    private static ComposeNode ToMap(ComposeList list)
    {
        var entries = new OrderedDictionary<string, ComposeNode>(StringComparer.Ordinal);
        foreach (var item in list.Items)
        {
            var pair = TextOf(item).Split('=', 2);
            entries[pair[0]] = new ComposeText(item.File, item.Line, pair.Length == 2 ? pair[1] : "", Plain: pair.Length == 1);
        }

        return new ComposeMap(list.File, list.Line, entries) { Replaces = list.Replaces };
    }

    private ComposeMap Merge(ComposeMap below, ComposeMap over, string name)
    {
        checkout.Budget.Values(below.Entries.Count + over.Entries.Count, over.Place);
        var entries = new OrderedDictionary<string, ComposeNode>(below.Entries, StringComparer.Ordinal);
        foreach (var (key, value) in over.Entries)
        {
            if (value is ComposeText { IsNull: true, Replaces: true })
            {
                entries.Remove(key);
                continue;
            }

            entries[key] = (entries.GetValueOrDefault(key), value) switch
            {
                (_, { Replaces: true }) => value,
                (ComposeMap one, ComposeMap other) => Merge(one, other, key),
                (ComposeList one, ComposeList other) when !Replaced.Contains(key) => Joined(one, other),
                (not null, ComposeText { IsNull: true }) when name != "environment" => entries[key],
                _ => value,
            };
        }

        return over with { Entries = entries };
    }

    private ComposeList Joined(ComposeList below, ComposeList over)
    {
        checkout.Budget.Values(below.Items.Count + over.Items.Count, over.Place);
        return over with { Items = [.. below.Items, .. over.Items] };
    }

    private ComposeMap Extended(ComposeMap file)
    {
        if (file["services"] is not ComposeMap services)
        {
            return file;
        }

        return file.With(("services", services with
        {
            Entries = new OrderedDictionary<string, ComposeNode>(services.Entries.Select(entry =>
                KeyValuePair.Create<string, ComposeNode>(entry.Key, Extend((ComposeMap)entry.Value, services, 0))), StringComparer.Ordinal),
        }));
    }

    private ComposeMap Extend(ComposeMap service, ComposeMap services, int depth)
    {
        if (service["extends"] is not { } extends)
        {
            return service;
        }

        if (depth > 8)
        {
            throw extends.Fault("services extend each other too deeply, or in a circle");
        }

        var name = TextOf((extends is ComposeMap map ? map["service"] : extends) ?? throw extends.Fault("extends names a service"));
        var others = services;
        if (extends is ComposeMap from && from["file"] is { } file)
        {
            var path = Extended(file);
            var folder = ParentOf(path);
            others = Read(path, folder, Variables(folder))["services"] as ComposeMap ?? throw file.Fault($"{path} has no services");
        }

        var found = others[name] as ComposeMap ?? throw extends.Fault($"there is no service {name} to extend");

        // References to other services are not inherited (compose specification, "extends").
        var inherited = Extend(found, others, depth + 1).Without("depends_on").Without("links").Without("volumes_from");
        return Merge(inherited, service.Without("extends"), "");
    }

    /// <summary>
    /// Finds an extended file in the project's folder, or beside the file that extends it, since versions of compose differ.
    /// </summary>
    private string Extended(ComposeNode file)
    {
        var what = $"{file.File}:{file.Line}: extends";
        try
        {
            var path = checkout.Locate(FolderOf(file), TextOf(file), what);
            if (checkout.KindOf(path) != FileKind.Missing || ParentOf(file.File) == FolderOf(file))
            {
                return path;
            }
        }
        catch (FaultException fault) when (fault is not LimitException && ParentOf(file.File) != FolderOf(file))
        {
            // The path leads out of the project's folder. It may still be valid in the other folder.
        }

        return checkout.Locate(ParentOf(file.File), TextOf(file), what);
    }

    internal static string TextOf(ComposeNode node) =>
        node is ComposeText { IsNull: false } text ? text.Value : throw node.Fault("a text is expected here");

    private static string ParentOf(string path) => path.Contains('/', StringComparison.Ordinal) ? path[..path.LastIndexOf('/')] : "";
}
