using Berth.Server.Codespaces.Expansion;

namespace Berth.Server.Codespaces.Compose;

/// <summary>
/// A file of variables as compose reads <c>.env</c> and <c>env_file</c>: one <c>NAME=VALUE</c> a line, with quotes, <c>export</c> and
/// comments. A value in double quotes or without quotes may refer to variables of earlier lines and of <paramref name="outer"/>. Lines of
/// another form are ignored, since such files are written for other programs as well.
/// </summary>
internal sealed class EnvironmentFile(string path, IReadOnlyDictionary<string, string> outer, ExpansionBudget budget, List<string> remarks)
{
    private readonly Dictionary<string, string> _values = new(StringComparer.Ordinal);
    private string _text = "";
    private int _at;

    public Dictionary<string, string> Read(string text)
    {
        _text = text;
        Dictionary<string, string> known = new(outer, StringComparer.Ordinal);
        var variables = new ComposeVariables(known, budget) { KeepsBareUnknown = true };
        while (_at < _text.Length)
        {
            var line = new ComposeText(path, _text.AsSpan(0, _at).Count('\n') + 1, "", Plain: false);
            if (Name(line) is { } name)
            {
                var (value, expands) = Value();
                _values[name] = known[name] = expands && value.Contains('$', StringComparison.Ordinal)
                    ? variables.ReplaceWhereItCan(line with { Value = value })
                    : value;
            }
        }

        return _values;
    }

    /// <summary>Moves behind the equals sign, or behind the line when it sets nothing.</summary>
    private string? Name(ComposeText line)
    {
        var end = _text.IndexOf('\n', _at) is var found and >= 0 ? found : _text.Length;
        var written = _text.AsSpan(_at, end - _at);
        var from = _at;
        _at = end + 1;
        var separator = written.IndexOf('=');
        if (separator < 0 && written.IndexOf(": ") is var colon and > 0)
        {
            separator = colon;
        }

        var name = (separator < 0 ? written : written[..separator]).Trim();
        if (name.StartsWith("export "))
        {
            name = name["export ".Length..].TrimStart();
        }

        if (written.Trim() is [] or ['#', ..])
        {
            return null;
        }

        if (name.IsEmpty || name.ContainsAnyExcept(NameCharacters))
        {
            remarks.Add($"{path}:{line.Line}: the line is passed over: it is not NAME=VALUE");
            return null;
        }

        // A name without a value takes it from the environment, which is empty.
        if (separator < 0)
        {
            return null;
        }

        _at = from + separator + 1;
        return name.ToString();
    }

    private static readonly System.Buffers.SearchValues<char> NameCharacters =
        System.Buffers.SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.-[]");

    /// <summary>Reads a value, which may have several lines in quotes. Moves behind its last line.</summary>
    private (string Value, bool Expands) Value()
    {
        while (_at < _text.Length && _text[_at] is ' ' or '\t')
        {
            _at++;
        }

        var end = _text.IndexOf('\n', _at) is var line and >= 0 ? line : _text.Length;
        if (_at < end && _text[_at] is var quote and ('\'' or '"') && Closing(quote) is var closing and > 0)
        {
            var inner = _text[(_at + 1)..closing];
            _at = _text.IndexOf('\n', closing) is var next and >= 0 ? next + 1 : _text.Length;
            return quote == '\'' ? (inner, false) : (Unescaped(inner), true);
        }

        var value = _text[_at..end];
        _at = end + 1;
        var comment = value.IndexOf(" #", StringComparison.Ordinal);
        return ((comment < 0 ? value : value[..comment]).Trim(), true);
    }

    /// <summary>The position at which the quote that begins here ends. -1 when it does not end.</summary>
    private int Closing(char quote)
    {
        for (var i = _at + 1; i < _text.Length; i++)
        {
            if (_text[i] == quote)
            {
                return i;
            }

            if (_text[i] == '\\' && quote == '"')
            {
                i++;
            }
        }

        return -1;
    }

    private static string Unescaped(string text)
    {
        var result = new System.Text.StringBuilder(text.Length);
        for (var i = 0; i < text.Length; i++)
        {
            _ = (text[i], i + 1 < text.Length ? text[i + 1] : '\0') switch
            {
                ('\\', 'n') => result.Append('\n'),
                ('\\', 'r') => result.Append('\r'),
                ('\\', 't') => result.Append('\t'),
                ('\\', '"') => result.Append('"'),
                ('\\', '\\') => result.Append('\\'),
                ('\\', '$') => result.Append("$$"),
                ('\\', '\0') => result.Append('\\'),
                ('\\', var other) => result.Append('\\').Append(other),
                (var own, _) => result.Append(own),
            };
            i += text[i] == '\\' ? 1 : 0;
        }

        return result.ToString();
    }
}
