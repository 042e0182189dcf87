using System.Buffers;
using Berth.Server.Codespaces.Expansion;
using Berth.Server.Faults;

namespace Berth.Server.Codespaces.Dockerfiles;

/// <summary>
/// Counts how large instructions become in the engine. It replaces the variables of most of them, and after each writes the image's
/// configuration with all variables and the history so far. Only lengths are kept here, so the count itself takes little memory and time.
/// Where it is unclear what is replaced, the larger length counts.
/// </summary>
internal sealed class EngineExpansion(char escape, IReadOnlyDictionary<string, string> arguments, ExpansionBudget budget)
{
    /// <summary>Instructions whose variables the engine does not replace. A shell does, within the build's limits.</summary>
    private static readonly string[] Kept = ["RUN", "CMD", "ENTRYPOINT", "SHELL", "HEALTHCHECK", "MAINTAINER", "ONBUILD"];

    private readonly SearchValues<char> _notPlain = SearchValues.Create(['$', '"', '\'', escape]);
    private readonly Dictionary<string, long> _globals = new(StringComparer.Ordinal);
    private readonly Dictionary<string, Stage> _stages = new(StringComparer.Ordinal);
    private Stage _current = new();

    /// <summary>Lengths of variables by name.</summary>
    private sealed class Stage
    {
        public Dictionary<string, long> Variables { get; init; } = new(StringComparer.Ordinal);

        /// <summary>The length of the image's configuration so far.</summary>
        public long Length { get; set; }

        /// <summary>The length of the arguments. The engine puts them with their values before each command.</summary>
        public long Arguments { get; set; }
    }

    /// <summary>An ARG before the first stage.</summary>
    public void Global(SentLine line)
    {
        var (_, rest) = Parts(line);
        Charge(rest.Length, LengthOf(rest, _globals), line.Place);
        foreach (var (name, value) in Named(rest, line, withOldForm: false))
        {
            _globals[name] = Math.Max(LengthOf(value ?? "", _globals), arguments.GetValueOrDefault(name, "").Length);
        }
    }

    public void Begin(SentStage stage)
    {
        _current = stage.Parent is { } parent && _stages.TryGetValue(parent, out var before)
            ? new Stage { Variables = new(before.Variables, StringComparer.Ordinal), Length = before.Length }
            : new Stage();
        foreach (var variable in stage.Base?.Environment ?? [])
        {
            var equals = variable.IndexOf('=', StringComparison.Ordinal);
            _current.Variables[equals < 0 ? variable : variable[..equals]] = variable.Length - equals - 1;
            _current.Length += variable.Length;
        }

        _stages[stage.Name] = _current;
        budget.Values(1, stage.Place);
    }

    /// <exception cref="FaultException">It becomes too large, or a variable has a name that only the engine would reject.</exception>
    public void Add(SentLine line)
    {
        var (name, rest) = Parts(line);
        var length = Kept.Contains(name) ? rest.Length : LengthOf(rest, _current.Variables);
        Charge(rest.Length, length, line.Place);
        if (name is "ENV" or "ARG")
        {
            // All variables of one instruction are replaced with the values before it.
            List<(string Name, long Length)> named =
            [
                .. Named(rest, line, withOldForm: name == "ENV").Select(
                    pair => (
                        pair.Name,
                        name == "ENV" ? LengthOf(pair.Value ?? "", _current.Variables) : Argument(pair.Name, pair.Value))),
            ];
            foreach (var (variable, value) in named)
            {
                _current.Variables[variable] = name == "ENV" ? value : Math.Max(value, _current.Variables.GetValueOrDefault(variable));
                _current.Arguments += name == "ARG" ? value : 0;
            }
        }

        _current.Length += length + (name == "RUN" ? _current.Arguments : 0);
        budget.Send(_current.Length, line.Place);
    }

    /// <summary>
    /// The length of an argument. A given value wins over the default. Without a default it has the value from before the first stage.
    /// </summary>
    private long Argument(string name, string? text) =>
        Math.Max(
            arguments.GetValueOrDefault(name, "").Length,
            text is null ? _globals.GetValueOrDefault(name) : LengthOf(text, _current.Variables));

    private void Charge(long written, long length, TextPlace place)
    {
        if (length > written)
        {
            budget.Expand(length - written, length, place);
        }
    }

    private static (string Name, string Words) Parts(SentLine line)
    {
        var end = line.Text.IndexOf(' ', StringComparison.Ordinal);
        return end < 0 ? (line.Text, "") : (line.Text[..end], line.Text[(end + 1)..].TrimStart());
    }

    private IEnumerable<(string Name, string? Value)> Named(string rest, SentLine line, bool withOldForm)
    {
        foreach (var (name, value) in DockerfileWords.Pairs(rest, escape, withOldForm))
        {
            yield return name.AsSpan().ContainsAny(_notPlain)
                ? throw new FaultException(
                    FaultKind.Configuration,
                    $"{line.Place}: '{DockerfileParser.Short(name)}' is no name of a variable: names are written without quotes and "
                        + "variables")
                : (name, value);
        }
    }

    /// <summary>
    /// Returns at least the length that the engine makes of a text. Quoted and escaped variables count like others, and where there are two
    /// possibilities both count.
    /// </summary>
    private static long LengthOf(string text, Dictionary<string, long> variables)
    {
        // ${NAME/part/other} replaces each part by what follows. There may be as many parts as characters.
        var (more, times) = (0L, 1L);
        for (var dollar = text.IndexOf('$', StringComparison.Ordinal); dollar >= 0 && more <= ExpansionBudget.LongestText;)
        {
            var start = dollar + 1;
            var braced = start < text.Length && text[start] == '{';
            start += braced ? 1 : 0;
            var end = start;
            while (end < text.Length && (char.IsAsciiLetterOrDigit(text[end]) || text[end] == '_'))
            {
                end++;
            }

            var value = variables.GetValueOrDefault(text[start..end]);
            more += value * times;
            if (braced && end < text.Length && text[end] == '/')
            {
                times = Math.Min(times * (value + 1), ExpansionBudget.LongestText);
                more += times * (text.Length - end);
            }

            dollar = text.IndexOf('$', end);
        }

        return text.Length + more;
    }
}
