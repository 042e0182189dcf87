using System.Text.RegularExpressions;
using Berth.Server.Codespaces.Expansion;
using Berth.Server.Faults;
using YamlDotNet.Core;
using YamlDotNet.Core.Events;

namespace Berth.Server.Codespaces.Compose;

/// <summary>
/// Reads YAML as compose files use it (yaml.org, 1.2, and the merge key of 1.1), from the parser's events rather than into objects: depth
/// and number of values are limited while they are read, those that aliases repeat included.
/// </summary>
internal sealed partial class ComposeYaml
{
    private const int MaxDepth = 24;

    private readonly string _file;
    private readonly ExpansionBudget _budget;
    private readonly Parser _parser;
    private readonly Dictionary<string, (ComposeNode Node, int Size, long Characters)> _anchors = new(StringComparer.Ordinal);
    private int _count;
    private long _characters;

    private ComposeYaml(string text, string file, ExpansionBudget budget) =>
        (_file, _budget, _parser) = (file, budget, new Parser(new StringReader(text)));

    /// <exception cref="FaultException">The text is not YAML, or too deep, or too large. The message names the line.</exception>
    public static ComposeMap Read(string text, string file, ExpansionBudget budget)
    {
        var reader = new ComposeYaml(text, file, budget);
        try
        {
            return reader.Document();
        }
        catch (YamlException exception)
        {
            throw new FaultException(
                FaultKind.Configuration,
                $"{file}:{exception.Start.Line}: this is not valid YAML: {Position().Replace(exception.Message, "")}");
        }
    }

    private ComposeMap Document()
    {
        _parser.Consume<StreamStart>();
        if (_parser.TryConsume<StreamEnd>(out _))
        {
            return new ComposeMap(_file, 1, new Dictionary<string, ComposeNode>());
        }

        _parser.Consume<DocumentStart>();
        var node = Node(0);
        _parser.Consume<DocumentEnd>();
        if (!_parser.TryConsume<StreamEnd>(out _))
        {
            throw new FaultException(FaultKind.Configuration, $"{_file}: it holds several documents; a compose file is one");
        }

        return node as ComposeMap ?? throw node.Fault("a compose file is a mapping");
    }

    private ComposeNode Node(int depth)
    {
        var start = _parser.Current ?? throw new FaultException(FaultKind.Configuration, $"{_file}: it ends too early");
        var line = (int)start.Start.Line;
        if (depth > MaxDepth)
        {
            throw new FaultException(FaultKind.Configuration, $"{_file}:{line}: more than {MaxDepth} levels deep");
        }

        if (_parser.TryConsume<AnchorAlias>(out var alias))
        {
            if (!_anchors.TryGetValue(alias.Value.Value, out var known))
            {
                throw new FaultException(FaultKind.Configuration, $"{_file}:{line}: nothing is anchored as {alias.Value.Value}");
            }

            // A repeated value is stored once here, but is written out wherever it is used.
            Count(known.Size, line);
            _characters += known.Characters;
            _budget.Expand(known.Characters, 0, new TextPlace(_file, line));
            return known.Node;
        }

        var (before, charactersBefore) = (_count, _characters);
        Count(1, line);
        var (node, anchor) = start switch
        {
            Scalar => Text(),
            SequenceStart => List(depth, line),
            MappingStart => Map(depth, line),
            _ => throw new FaultException(FaultKind.Configuration, $"{_file}:{line}: this is not a value"),
        };
        if (!anchor.IsEmpty)
        {
            _anchors[anchor.Value] = (node, _count - before, _characters - charactersBefore);
        }

        return node;
    }

    private (ComposeNode, AnchorName) Text()
    {
        var scalar = _parser.Consume<Scalar>();
        _characters += scalar.Value.Length;
        var replaces = Replaces(scalar);
        return (
            IsReset(scalar) ? Nothing((int)scalar.Start.Line) : new ComposeText(
                _file, (int)scalar.Start.Line, scalar.Value, scalar.Style == ScalarStyle.Plain && (scalar.Tag.IsEmpty || replaces))
            {
                Replaces = replaces,
            },
            scalar.Anchor);
    }

    private (ComposeNode, AnchorName) List(int depth, int line)
    {
        var start = _parser.Consume<SequenceStart>();
        var replaces = Replaces(start);
        List<ComposeNode> items = [];
        while (!_parser.TryConsume<SequenceEnd>(out _))
        {
            items.Add(Node(depth + 1));
        }

        return (IsReset(start) ? Nothing(line) : new ComposeList(_file, line, items) { Replaces = replaces }, start.Anchor);
    }

    private (ComposeNode, AnchorName) Map(int depth, int line)
    {
        var start = _parser.Consume<MappingStart>();
        var replaces = Replaces(start);
        var entries = new OrderedDictionary<string, ComposeNode>(StringComparer.Ordinal);
        List<ComposeMap> merged = [];
        while (!_parser.TryConsume<MappingEnd>(out _))
        {
            if (Node(depth + 1) is not ComposeText key)
            {
                throw new FaultException(FaultKind.Configuration, $"{_file}:{line}: the names of a mapping are texts");
            }

            var value = Node(depth + 1);
            if (key is { Value: "<<", Plain: true })
            {
                merged.AddRange(value switch
                {
                    ComposeMap one => [one],
                    ComposeList several when several.Items.All(item => item is ComposeMap) => several.Items.Cast<ComposeMap>(),
                    _ => throw value.Fault("<< merges mappings"),
                });
            }
            else if (!entries.TryAdd(key.Value, value))
            {
                throw key.Fault($"{key.Value} is there twice");
            }
        }

        foreach (var map in merged)
        {
            Count(map.Entries.Count, line);
            foreach (var (name, value) in map.Entries)
            {
                entries.TryAdd(name, value);
            }
        }

        return (IsReset(start) ? Nothing(line) : new ComposeMap(_file, line, entries) { Replaces = replaces }, start.Anchor);
    }

    private ComposeText Nothing(int line) => new(_file, line, "null", Plain: true) { Replaces = true };

    private static bool IsReset(NodeEvent node) => !node.Tag.IsEmpty && node.Tag.Value == "!reset";

    /// <summary>True when the value has one of compose's own two tags.</summary>
    /// <exception cref="FaultException">It has an unknown tag.</exception>
    private bool Replaces(NodeEvent node)
    {
        if (!node.Tag.IsEmpty && node.Tag.Value is "!reset" or "!override")
        {
            return true;
        }

        if (!node.Tag.IsEmpty && !node.Tag.IsNonSpecific && !node.Tag.Value.StartsWith("tag:yaml.org,2002:", StringComparison.Ordinal))
        {
            throw new FaultException(FaultKind.Configuration, $"{_file}:{node.Start.Line}: the tag {node.Tag.Value} is not supported");
        }

        return false;
    }

    private void Count(int more, int line)
    {
        _count += more;
        _budget.Values(more, new TextPlace(_file, line));
    }

    [GeneratedRegex(@"^\(Line: .*?\) - \(Line: .*?\): ", RegexOptions.NonBacktracking)]
    private static partial Regex Position();
}
