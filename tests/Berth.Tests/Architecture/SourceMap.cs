using System.Runtime.CompilerServices;
using System.Text.RegularExpressions;

namespace Berth.Tests.Architecture;

/// <summary>
/// The server's source as rooms that use each other. A room is a namespace below <c>Berth.Server</c>: <c>Registry</c>,
/// <c>Codespaces.Engine</c>. Every use counts, however it is written: a <c>using</c>, a qualified name, or a type of an enclosing room,
/// which needs neither.
/// </summary>
internal sealed partial class SourceMap
{
    private readonly Dictionary<string, HashSet<string>> _types = new(StringComparer.Ordinal);
    private readonly List<(string File, string Room, string Text)> _files = [];
    private readonly SortedDictionary<string, SortedDictionary<string, string>> _uses = new(StringComparer.Ordinal);

    private SourceMap(IEnumerable<(string File, string Text)> sources)
    {
        foreach (var (file, source) in sources)
        {
            var text = Noise().Replace(source, match => match.Value[0] == '/' ? "" : "\"\"");
            if (Namespace().Match(text) is not { Success: true } own)
            {
                continue; // Program and BerthApplication put everything together.
            }

            var room = own.Groups["room"].Value;
            _files.Add((file, room, text));
            if (!_types.TryGetValue(room, out var types))
            {
                _types[room] = types = new(StringComparer.Ordinal);
            }

            types.UnionWith(Declaration().Matches(text).Select(match => match.Groups["name"].Value));
        }

        foreach (var (file, room, text) in _files)
        {
            foreach (var used in UsedBy(room, text).Where(used => used != room))
            {
                if (!_uses.TryGetValue(room, out var all))
                {
                    _uses[room] = all = new(StringComparer.Ordinal);
                }

                all.TryAdd(used, file);
            }
        }
    }

    public IEnumerable<string> Rooms => _types.Keys;

    /// <summary>Which room uses which, with a file that does.</summary>
    public IEnumerable<(string Room, string Used, string File)> Uses =>
        _uses.SelectMany(room => room.Value.Select(used => (room.Key, used.Key, used.Value)));

    public static SourceMap OfServer()
    {
        var root = Path.Combine(Repository, "src", "Berth.Server");
        return Of(
            Directory.EnumerateFiles(root, "*.cs", SearchOption.AllDirectories)
                .Select(file => (Path.GetRelativePath(root, file), File.ReadAllText(file))));
    }

    public static SourceMap Of(IEnumerable<(string File, string Text)> sources) => new(sources);

    /// <summary>The folder that contains <c>src</c> and <c>tests</c>.</summary>
    public static string Repository { get; } = Path.GetFullPath(Path.Combine(ThisFolder(), "..", "..", ".."));

    public static string FeatureOf(string room) => room.Split('.')[0];

    /// <summary>Groups of rooms that all reach each other. A room in no group is in no cycle.</summary>
    public static List<List<string>> Cycles(IEnumerable<(string From, string To)> uses)
    {
        var next = uses.Where(use => use.From != use.To).ToLookup(use => use.From, use => use.To, StringComparer.Ordinal);
        HashSet<string> From(string start)
        {
            var reached = new HashSet<string>(StringComparer.Ordinal);
            var open = new Stack<string>(next[start]);
            while (open.TryPop(out var room))
            {
                if (reached.Add(room))
                {
                    foreach (var further in next[room])
                    {
                        open.Push(further);
                    }
                }
            }

            return reached;
        }

        var reachable = next.ToDictionary(room => room.Key, room => From(room.Key), StringComparer.Ordinal);
        return
        [
            .. reachable.Keys.Where(room => reachable[room].Contains(room))
                .GroupBy(
                    room => string.Join(
                        ' ',
                        reachable[room]
                            .Where(other => reachable.TryGetValue(other, out var back) && back.Contains(room))
                            .Order(StringComparer.Ordinal)))
                .Select(group => group.Order(StringComparer.Ordinal).ToList()),
        ];
    }

    private HashSet<string> UsedBy(string room, string text)
    {
        var used = new HashSet<string>(StringComparer.Ordinal);
        foreach (var name in Using().Matches(text).Select(match => match.Groups["name"].Value))
        {
            // The name is a type's, in a using static or an alias.
            used.Add(_types.ContainsKey(name) ? name : Before(name));
        }

        var body = Head().Replace(text, "");
        foreach (var name in Qualified().Matches(body).Select(match => match.Groups["name"].Value))
        {
            used.UnionWith(RoomOf(room, name.Split('.')));
        }

        var words = Word().Matches(body).Select(match => match.Value).ToHashSet(StringComparer.Ordinal);
        for (var around = Before(room); around.Length > 0; around = Before(around))
        {
            if (_types.TryGetValue(around, out var types)
                && words.Any(
                    word => types.Contains(word)
                        && !_types[room].Contains(word)
                        && !used.Any(other => _types.TryGetValue(other, out var shadowing) && shadowing.Contains(word))))
            {
                used.Add(around);
            }
        }

        return used;
    }

    /// <summary>The room of a name such as <c>Api.ApiUrls</c>, searched from the inside out as the compiler does.</summary>
    private IEnumerable<string> RoomOf(string room, string[] name)
    {
        if (_types[room].Contains(name[0]))
        {
            yield break;
        }

        for (var length = name.Length - 1; length > 0; length--)
        {
            var qualifier = string.Join('.', name[..length]);
            for (var around = room; ; around = Before(around))
            {
                var candidate = around.Length == 0 ? qualifier : $"{around}.{qualifier}";
                if (_types.TryGetValue(candidate, out var types) && types.Contains(name[length]))
                {
                    yield return candidate;
                }

                if (around.Length == 0)
                {
                    break;
                }
            }
        }
    }

    private static string Before(string room) => room.Contains('.', StringComparison.Ordinal) ? room[..room.LastIndexOf('.')] : "";

    private static string ThisFolder([CallerFilePath] string path = "") => Path.GetDirectoryName(path)!;

    /// <summary>Comments and texts, whose words are not uses.</summary>
    [GeneratedRegex("\"{3,}[\\s\\S]*?\"{3,}|\"(?:\\\\.|[^\"\\\\\n])*\"|//[^\n]*", RegexOptions.ExplicitCapture, 10_000)]
    private static partial Regex Noise();

    [GeneratedRegex(@"^namespace Berth\.Server\.(?<room>[\w.]+);", RegexOptions.Multiline | RegexOptions.ExplicitCapture, 10_000)]
    private static partial Regex Namespace();

    [GeneratedRegex(@"\b(class|record( struct| class)?|struct|interface|enum) (?<name>[A-Z]\w*)", RegexOptions.ExplicitCapture, 10_000)]
    private static partial Regex Declaration();

    [GeneratedRegex(
        @"^using (static |\w+ = )?Berth\.Server\.(?<name>[\w.]+);", RegexOptions.Multiline | RegexOptions.ExplicitCapture, 10_000)]
    private static partial Regex Using();

    [GeneratedRegex("^(using|namespace) .*;$", RegexOptions.Multiline | RegexOptions.ExplicitCapture, 10_000)]
    private static partial Regex Head();

    [GeneratedRegex(@"(?<![\w.])(Berth\.Server\.)?(?<name>([A-Z]\w*\.)+[A-Z]\w*)", RegexOptions.ExplicitCapture, 10_000)]
    private static partial Regex Qualified();

    [GeneratedRegex(@"(?<![\w.])[A-Z]\w*", RegexOptions.ExplicitCapture, 10_000)]
    private static partial Regex Word();
}
