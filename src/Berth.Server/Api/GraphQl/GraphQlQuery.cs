using System.Text;

namespace Berth.Server.Api.GraphQl;

/// <summary>One field of a query: <c>repo_000: repository(owner: "acme", name: "app") { databaseId }</c>.</summary>
/// <param name="Key">The field's name in the answer: the alias if there is one, else the name.</param>
/// <param name="Line">Counted from 1.</param>
/// <param name="Column">Counted from 1.</param>
internal sealed record GraphQlField(
    string Key, string Name, IReadOnlyDictionary<string, string> Arguments, IReadOnlyList<GraphQlField> Fields, int Line, int Column);

/// <summary>What is wrong with a query, in a sentence with line and column.</summary>
internal sealed class GraphQlException(string message) : Exception(message);

/// <summary>
/// Reads the part of GraphQL that command line tools use: one operation, fields with aliases, string arguments and inner fields. Variables,
/// fragments and directives are refused by name. https://spec.graphql.org/October2021/#sec-Language
/// </summary>
internal sealed class GraphQlQuery
{
    /// <summary>The limit of fields in one query, at all depths.</summary>
    public const int MostFields = 1000;

    private const int Deepest = 8;
    private readonly string _text;
    private int _position;
    private int _fields;

    private GraphQlQuery(string text) => _text = text;

    /// <exception cref="GraphQlException">The text is no query, or uses more than is supported here.</exception>
    public static IReadOnlyList<GraphQlField> Parse(string text)
    {
        var query = new GraphQlQuery(text);
        query.Operation();
        var fields = query.Selection(1);
        return query.Skip() ? throw query.Fault("one operation at a time is answered here") : fields;
    }

    private void Operation()
    {
        if (!Skip() || _text[_position] == '{')
        {
            return;
        }

        var kind = Name();
        if (kind != "query")
        {
            throw Fault($"only queries are answered here, no {kind}");
        }

        if (Skip() && _text[_position] is not ('{' or '(' or '@'))
        {
            Name();
        }

        if (Skip() && _text[_position] != '{')
        {
            throw Fault(
                _text[_position] == '(' ? "variables are not known here; write values into the query" : "directives are not known here");
        }
    }

    private List<GraphQlField> Selection(int depth)
    {
        Expect('{');
        if (depth > Deepest)
        {
            throw Fault($"fields are nested more than {Deepest} deep");
        }

        List<GraphQlField> fields = [];
        while (Skip() && _text[_position] != '}')
        {
            fields.Add(Field(depth));
        }

        Expect('}');
        return fields.Count > 0 ? fields : throw Fault("a selection must have fields");
    }

    private GraphQlField Field(int depth)
    {
        if (++_fields > MostFields)
        {
            throw Fault($"a query may have at most {MostFields} fields");
        }

        if (_text[_position] == '.')
        {
            throw Fault("fragments are not known here");
        }

        var (line, column) = Place();
        var key = Name();
        var name = key;
        if (Skip() && _text[_position] == ':')
        {
            _position++;
            Skip();
            name = Name();
        }

        var arguments = Skip() && _text[_position] == '(' ? Arguments() : [];
        if (Skip() && _text[_position] == '@')
        {
            throw Fault("directives are not known here");
        }

        return new GraphQlField(key, name, arguments, Skip() && _text[_position] == '{' ? Selection(depth + 1) : [], line, column);
    }

    private Dictionary<string, string> Arguments()
    {
        Expect('(');
        Dictionary<string, string> arguments = new(StringComparer.Ordinal);
        while (Skip() && _text[_position] != ')')
        {
            var name = Name();
            Expect(':');
            Skip();
            if (!arguments.TryAdd(name, String()))
            {
                throw Fault($"the argument {name} stands there twice");
            }
        }

        Expect(')');
        return arguments;
    }

    private string String()
    {
        if (_position >= _text.Length || _text[_position] != '"' || _text.AsSpan(_position).StartsWith("\"\"\""))
        {
            throw Fault(
                _position < _text.Length && _text[_position] == '$'
                    ? "variables are not known here; write values into the query"
                    : "a string is expected");
        }

        var value = new StringBuilder();
        for (_position++; _position < _text.Length && _text[_position] is not ('\n' or '\r'); _position++)
        {
            switch (_text[_position])
            {
                case '"':
                    _position++;
                    return value.ToString().Any(char.IsSurrogate)
                        ? throw Fault("a string has characters that no name has")
                        : value.ToString();
                case '\\':
                    value.Append(Escape());
                    break;
                case var c:
                    value.Append(c);
                    break;
            }
        }

        throw Fault("a string does not end");
    }

    /// <summary>Reads an escape and leaves the position at its last character.</summary>
    private char Escape()
    {
        _position++;
        var c = _position < _text.Length ? _text[_position] : ' ';
        if (c == 'u' && _position + 4 < _text.Length
            && ushort.TryParse(_text.AsSpan(_position + 1, 4), System.Globalization.NumberStyles.AllowHexSpecifier, null, out var code))
        {
            _position += 4;
            return (char)code;
        }

        return c switch
        {
            '"' or '\\' or '/' => c,
            'b' => '\b',
            'f' => '\f',
            'n' => '\n',
            'r' => '\r',
            't' => '\t',
            _ => throw Fault("a string has an escape that there is not"),
        };
    }

    private string Name()
    {
        var start = _position;
        while (_position < _text.Length
            && (char.IsAsciiLetter(_text[_position])
                || _text[_position] == '_'
                || (_position > start && char.IsAsciiDigit(_text[_position]))))
        {
            _position++;
        }

        return _position > start ? _text[start.._position] : throw Fault("a name is expected");
    }

    private void Expect(char wanted)
    {
        if (!Skip() || _text[_position] != wanted)
        {
            throw Fault($"'{wanted}' is expected");
        }

        _position++;
    }

    /// <summary>Skips what means nothing: white space, commas, comments, a byte order mark. Returns false at the end.</summary>
    private bool Skip()
    {
        while (_position < _text.Length && (_text[_position] is ' ' or '\t' or '\n' or '\r' or ',' or '\ufeff' or '#'))
        {
            if (_text[_position] == '#')
            {
                while (_position < _text.Length && _text[_position] is not ('\n' or '\r'))
                {
                    _position++;
                }
            }
            else
            {
                _position++;
            }
        }

        return _position < _text.Length;
    }

    private (int Line, int Column) Place()
    {
        var before = _text.AsSpan(0, Math.Min(_position, _text.Length));
        return (before.Count('\n') + 1, before.Length - before.LastIndexOf('\n'));
    }

    private GraphQlException Fault(string what)
    {
        var (line, column) = Place();
        return new GraphQlException($"{what} (line {line}, column {column})");
    }
}
