using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace Berth.Server.Codespaces.Devcontainers;

/// <summary>
/// Repairs a devcontainer.json with faults that editors tolerate, such as a missing comma. The result is valid JSON with the values that
/// the reference implementation would read, each on its own line.
/// </summary>
/// <remarks>
/// It recovers from a fault as the reference's parser does. A value or name that is not valid is skipped up to the next comma or the end of
/// its object or list. A text ends at the end of its line. Whatever follows the first value is ignored.
/// </remarks>
internal sealed partial class RepairedJson
{
    /// <summary>Less than the depth up to which JSON is read.</summary>
    private const int MaxDepth = 60;

    private readonly string _text;
    private readonly StringBuilder _out = new();
    private int _at;
    private char _token;
    private string _value = "";
    private bool _isTooDeep;

    private RepairedJson(string text) => _text = text;

    /// <returns>Null when there is no object to read.</returns>
    public static string? Of(string text)
    {
        var repair = new RepairedJson(text);
        repair.Next();
        return repair._token == '{' && repair.Value(0) && !repair._isTooDeep ? repair._out.ToString() : null;
    }

    private bool Value(int depth)
    {
        if (depth > MaxDepth)
        {
            _isTooDeep = true;
            _at = _text.Length;
            return false;
        }

        switch (_token)
        {
            case '{':
                Several('}', depth, Property);
                return true;
            case '[':
                Several(']', depth, Value);
                return true;
            case 's' or 'v':
                _out.Append(_value);
                Next();
                return true;
            default:
                return false;
        }
    }

    private bool Property(int depth)
    {
        if (_token != 's')
        {
            return false;
        }

        _out.Append(_value).Append(':');
        Next();
        if (_token != ':')
        {
            return false;
        }

        Next();
        return Value(depth);
    }

    /// <summary>Writes an object or a list, with one comma between two entries, however many the text has.</summary>
    private void Several(char end, int depth, Func<int, bool> entry)
    {
        _out.Append(_token);
        Next();
        for (var isFirst = true; _token != end && _token != '\0';)
        {
            if (_token == ',')
            {
                Next();
                continue;
            }

            var before = _out.Length;
            if (!isFirst)
            {
                _out.Append(',');
            }

            if (entry(depth + 1))
            {
                isFirst = false;
            }
            else
            {
                PassOver(end);
                TakeBack(before);
            }
        }

        _out.Append(end);
        Next();
    }

    /// <summary>Removes what was written, but keeps the line ends.</summary>
    private void TakeBack(int from)
    {
        var lines = _out.ToString(from, _out.Length - from).Count(c => c == '\n');
        _out.Length = from;
        _out.Append('\n', lines);
    }

    private void PassOver(char end)
    {
        while (_token != '\0' && _token != end && _token != ',')
        {
            Next();
        }
    }

    /// <summary>Reads the next token. s: a text; v: a number or word; u: an unknown token; otherwise the character itself.</summary>
    private void Next()
    {
        SkipTrivia();
        if (_at == _text.Length)
        {
            _token = '\0';
            return;
        }

        _token = _text[_at];
        if (_token is '{' or '}' or '[' or ']' or ',' or ':')
        {
            _at++;
        }
        else if (_token == '"')
        {
            (_token, _value) = ('s', Text());
        }
        else
        {
            var begin = _at;
            while (_at < _text.Length && !char.IsWhiteSpace(_text[_at])
                && _text[_at] is not ('{' or '}' or '[' or ']' or ',' or ':' or '"' or '/'))
            {
                _at++;
            }

            _at = Math.Max(_at, begin + 1);
            _value = _text[begin.._at];
            _token = _value is "true" or "false" or "null" || NumberGrammar().IsMatch(_value) ? 'v' : 'u';
        }
    }

    /// <summary>Reads a text. A text that is not closed ends with its line, and an invalid escape is ignored.</summary>
    private string Text()
    {
        var text = new StringBuilder();
        for (_at++; _at < _text.Length && _text[_at] is not ('"' or '\n' or '\r'); _at++)
        {
            if (_text[_at] != '\\')
            {
                text.Append(_text[_at]);
            }
            else if (++_at < _text.Length)
            {
                Escape(text);
            }
        }

        if (_at < _text.Length && _text[_at] == '"')
        {
            _at++;
        }

        return JsonSerializer.Serialize(text.ToString());
    }

    private void Escape(StringBuilder text)
    {
        switch (_text[_at])
        {
            case '"' or '\\' or '/':
                text.Append(_text[_at]);
                break;
            case 'b':
                text.Append('\b');
                break;
            case 'f':
                text.Append('\f');
                break;
            case 'n':
                text.Append('\n');
                break;
            case 'r':
                text.Append('\r');
                break;
            case 't':
                text.Append('\t');
                break;
            case 'u' when _at + 4 < _text.Length
                && ushort.TryParse(_text.AsSpan(_at + 1, 4), NumberStyles.AllowHexSpecifier, null, out var unit):
                text.Append((char)unit);
                _at += 4;
                break;
        }
    }

    /// <summary>Skips white space and comments, but keeps line ends, so that every value stays on its line.</summary>
    private void SkipTrivia()
    {
        while (_at < _text.Length)
        {
            var rest = _text.AsSpan(_at);
            var length = char.IsWhiteSpace(rest[0]) || rest[0] == '\uFEFF' ? 1
                : rest.StartsWith("//") ? (rest.IndexOf('\n') is var line and >= 0 ? line : rest.Length)
                : rest.StartsWith("/*") ? (rest[2..].IndexOf("*/") is var end and >= 0 ? end + 4 : rest.Length)
                : 0;
            if (length == 0)
            {
                return;
            }

            _out.Append('\n', rest[..length].Count('\n'));
            _at += length;
        }
    }

    [GeneratedRegex(@"^-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?\z", RegexOptions.ExplicitCapture | RegexOptions.NonBacktracking)]
    private static partial Regex NumberGrammar();
}
