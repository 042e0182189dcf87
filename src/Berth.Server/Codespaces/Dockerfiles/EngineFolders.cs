using System.Text.RegularExpressions;
using Berth.Server.Codespaces.Expansion;
using Berth.Server.Faults;

namespace Berth.Server.Codespaces.Dockerfiles;

/// <summary>
/// Checks the folders that an engine derives from FROM, WORKDIR and VOLUME. Their variables are replaced, and each begins at the folder
/// before it. None may belong to the kernel: commands would start in a folder of the host that the runtime had open (CVE-2024-21626), and a
/// volume would cover what the runtime checks (CVE-2019-16884).
/// </summary>
internal sealed partial class EngineFolders(char escape, IReadOnlyDictionary<string, string> arguments, ExpansionBudget budget)
{
    private readonly Stage _globals = new(true);
    private readonly Dictionary<string, Stage> _stages = new(StringComparer.Ordinal);
    private Stage _current = new(true);

    /// <param name="known">False while the image below is not known, since its variables may have any value.</param>
    private sealed class Stage(bool known)
    {
        public bool Known => known;

        public Dictionary<string, string> Variables { get; init; } = new(StringComparer.Ordinal);

        /// <summary>Arguments. They count only if there is no variable of the same name.</summary>
        public Dictionary<string, string> Arguments { get; } = new(StringComparer.Ordinal);

        /// <summary>Variables whose value could not be determined.</summary>
        public HashSet<string> Open { get; init; } = new(StringComparer.Ordinal);

        /// <summary>Null: not known yet.</summary>
        public ContainerPath? Folder { get; set; } = known ? ContainerPath.Root : null;
    }

    /// <summary>An ARG before the first stage.</summary>
    public void Global(SentLine line)
    {
        foreach (var (name, text) in DockerfileWords.Pairs(Words(line.Text).Arguments, escape, withOldForm: false))
        {
            if ((arguments.GetValueOrDefault(name) ?? (text is null ? null : Expand(text, _globals, line.Place))) is { } value)
            {
                _globals.Variables[name] = value;
            }
        }
    }

    /// <exception cref="FaultException">Commands of the stage's image would start in a folder of the kernel.</exception>
    public void Begin(SentStage stage)
    {
        _current = stage.Parent is { } parent && _stages.TryGetValue(parent, out var below)
            ? new Stage(below.Known)
            {
                Variables = new(below.Variables, StringComparer.Ordinal),
                Open = new(below.Open, StringComparer.Ordinal),
                Folder = below.Folder,
            }
            : new Stage(stage.Base is not { Environment: null });
        foreach (var variable in stage.Base?.Environment ?? [])
        {
            var parts = variable.Split('=', 2);
            _current.Variables[parts[0]] = parts.Length == 2 ? parts[1] : "";
        }

        if (stage.Base?.Folder is { Length: > 0 } folder)
        {
            _current.Folder = Decide("FROM", folder, ContainerPath.Root, stage.Place);
        }

        _stages[stage.Name] = _current;
    }

    /// <exception cref="FaultException">The line names a folder of the kernel. The message says file and line.</exception>
    public void Add(SentLine line)
    {
        var (name, rest) = Words(line.Text);
        switch (name)
        {
            case "ENV":
                // All variables of one instruction are replaced with the values before it.
                var values = DockerfileWords.Pairs(rest, escape, withOldForm: true)
                    .Select(pair => (pair.Name, Value: Expand(pair.Value ?? "", _current, line.Place))).ToList();
                foreach (var (variable, value) in values)
                {
                    Set(_current.Variables, variable, value);
                }

                break;
            case "ARG":
                foreach (var (argument, text) in DockerfileWords.Pairs(rest, escape, withOldForm: false))
                {
                    var given = arguments.GetValueOrDefault(argument)
                        ?? (text is null ? _globals.Variables.GetValueOrDefault(argument) : null);
                    if (given is not null || text is not null)
                    {
                        Set(_current.Arguments, argument, given ?? Expand(text!, _current, line.Place));
                    }
                }

                break;
            case "WORKDIR":
                _current.Folder = Folder(name, rest, _current.Folder, line.Place);
                break;
            case "VOLUME":
                foreach (var volume in StageReader.Strings(rest) ?? [.. rest.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries)])
                {
                    Folder(name, volume, ContainerPath.Root, line.Place);
                }

                break;
        }
    }

    private void Set(Dictionary<string, string> values, string name, string? value)
    {
        if (value is null)
        {
            _current.Open.Add(name);
        }
        else
        {
            values[name] = value;
            _current.Open.Remove(name);
        }
    }

    /// <returns>Null when the folder depends on the image below.</returns>
    private ContainerPath? Folder(string instruction, string text, ContainerPath? from, TextPlace place) =>
        Expand(text, _current, place) is not { } path ? _current.Known ? throw NotUnderstood(instruction, text, place) : null
        : from is null && !path.StartsWith('/') ? null
        : Decide(instruction, path, from ?? ContainerPath.Root, place);

    private static ContainerPath Decide(string instruction, string folder, ContainerPath from, TextPlace place) =>
        folder.Length == 0 ? from
        : !ContainerPath.TryParse(folder, from, out var path) ? throw NotUnderstood(instruction, folder, place)
        : !path.IsKernels ? path
        : throw new FaultException(
            FaultKind.Configuration,
            $"{place}: {instruction} does not name folders of /proc, /sys and /dev, as '{DockerfileParser.Short(path.Text)}' is");

    private static FaultException NotUnderstood(string instruction, string folder, TextPlace place) =>
        new(FaultKind.Configuration, $"{place}: the folder of {instruction}, '{DockerfileParser.Short(folder)}', is not understood");

    /// <returns>Null when the text is not valid, or has a variable whose value is not known.</returns>
    private string? Expand(string text, Stage stage, TextPlace place)
    {
        var variables = new DockerfileVariables(escape, budget);
        foreach (Match match in Variable().Matches(text))
        {
            var name = match.Groups["name"].Value;
            if (stage.Open.Contains(name))
            {
                return null;
            }

            if ((stage.Variables.GetValueOrDefault(name) ?? stage.Arguments.GetValueOrDefault(name)) is { } value)
            {
                variables.Set(name, value);
            }
            else if (!stage.Known)
            {
                return null;
            }
        }

        return variables.Expand(text, place);
    }

    private static (string Name, string Arguments) Words(string text)
    {
        var end = text.IndexOf(' ', StringComparison.Ordinal);
        return end < 0 ? (text, "") : (text[..end], text[(end + 1)..].Trim());
    }

    [GeneratedRegex(@"\$\{?(?<name>[A-Za-z_][A-Za-z0-9_]*)", RegexOptions.ExplicitCapture | RegexOptions.NonBacktracking)]
    private static partial Regex Variable();
}
