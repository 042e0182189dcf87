using Berth.Server.Codespaces.Expansion;
using Berth.Server.Faults;

namespace Berth.Server.Codespaces.Compose;

/// <summary>
/// Variables in compose files (compose specification, "Interpolation"). Their values come from the repository's <c>.env</c>; the
/// environment of a compose program would be the server's, and is empty.
/// </summary>
internal sealed class ComposeVariables(IReadOnlyDictionary<string, string> values, ExpansionBudget budget)
{
    private readonly HashSet<string> _unknown = new(StringComparer.Ordinal);

    /// <summary>Variables that are used but have neither a value nor a default.</summary>
    public IEnumerable<string> Unknown => _unknown.Order(StringComparer.Ordinal);

    /// <summary>A dollar sign before an unknown name stays as it is, since in most passwords it is an ordinary character.</summary>
    public bool KeepsBareUnknown { get; init; }

    /// <summary>Replaces variables. A text that is no valid template stays as it is.</summary>
    public string ReplaceWhereItCan(ComposeText text)
    {
        try
        {
            return Replace(text.Value, text, 0);
        }
        catch (FaultException fault) when (fault is not LimitException)
        {
            return text.Value;
        }
    }

    /// <summary>Replaces variables in all values. Property names stay as they are.</summary>
    public ComposeNode Replace(ComposeNode node) => node switch
    {
        ComposeText text when text.Value.Contains('$', StringComparison.Ordinal) =>
            text with { Value = Replace(text.Value, text, 0), Plain = false },
        ComposeList list => list with { Items = [.. list.Items.Select(Replace)] },
        ComposeMap map => map with
        {
            Entries = new OrderedDictionary<string, ComposeNode>(
                map.Entries.Select(entry => KeyValuePair.Create(entry.Key, Replace(entry.Value))), StringComparer.Ordinal),
        },
        _ => node,
    };

    private string Replace(string text, ComposeNode place, int depth)
    {
        budget.Nest(depth, place.Place);
        var result = new ExpandedText(budget, place.Place);
        for (var i = 0; i < text.Length; i++)
        {
            if (text[i] != '$' || i + 1 == text.Length)
            {
                result.Append(text[i]);
            }
            else if (text[i + 1] == '$')
            {
                result.Append('$');
                i++;
            }
            else if (text[i + 1] == '{')
            {
                var end = EndOf(text, i + 2, place);
                result.Append(Braced(text[(i + 2)..end], place, depth));
                i = end;
            }
            else
            {
                var length = NameLength(text, i + 1);
                var name = text.Substring(i + 1, length);
                result.Append(length == 0 ? "$" : Value(name) ?? (KeepsBareUnknown ? "$" + name : Missing(name)));
                i += length;
            }
        }

        return result.ToString();
    }

    private static int EndOf(string text, int from, ComposeNode place)
    {
        for (var (i, open) = (from, 1); i < text.Length; i++)
        {
            open += text[i] == '}' ? -1 : text[i] == '{' && text[i - 1] == '$' ? 1 : 0;
            if (open == 0)
            {
                return i;
            }
        }

        throw place.Fault($"a variable in '{text}' is not closed; a dollar sign alone is written $$");
    }

    private string Braced(string inner, ComposeNode place, int depth)
    {
        var length = NameLength(inner, 0);
        var (name, rest) = (inner[..length], inner[length..]);
        var colon = rest.StartsWith(':');
        var symbol = rest.Length > (colon ? 1 : 0) ? rest[colon ? 1 : 0] : '\0';
        if (length == 0 || (rest.Length > 0 && symbol is not ('-' or '?' or '+')))
        {
            throw place.Fault($"${{{inner}}} is no variable; write ${{NAME}}, ${{NAME:-default}}, or $$ for a dollar sign");
        }

        var value = Value(name);
        var there = value is not null && !(colon && value.Length == 0);
        var other = rest.Length == 0 ? "" : rest[(colon ? 2 : 1)..];
        return symbol switch
        {
            '-' => there ? value! : Replace(other, place, depth + 1),
            '+' => there ? Replace(other, place, depth + 1) : "",
            '?' =>
                there
                    ? value!
                    : throw place.Fault($"{name} has no value ({other}); values come from the file .env beside the compose file"),
            _ => value ?? Missing(name),
        };
    }

    private string? Value(string name) => values.GetValueOrDefault(name);

    private string Missing(string name)
    {
        _unknown.Add(name);
        return "";
    }

    private static int NameLength(string text, int from)
    {
        var i = from;
        while (i < text.Length && (char.IsAsciiLetter(text[i]) || text[i] == '_' || (i > from && char.IsAsciiDigit(text[i]))))
        {
            i++;
        }

        return i - from;
    }
}
