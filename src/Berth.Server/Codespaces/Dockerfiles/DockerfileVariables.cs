using System.Text;

namespace Berth.Server.Codespaces.Dockerfiles;

/// <summary>
/// Replaces variables in an argument of FROM or ARG: <c>$NAME</c>, <c>${NAME}</c> and its forms with <c>-</c>, <c>:-</c>, <c>+</c>,
/// <c>:+</c>; removes quotes.
/// </summary>
internal sealed class DockerfileVariables(char escape)
{
    private readonly Dictionary<string, string> _values = new(StringComparer.Ordinal);

    public void Set(string name, string value) => _values[name] = value;

    public string? Find(string name) => _values.GetValueOrDefault(name);

    /// <returns>Null when the text cannot be understood.</returns>
    public string? Expand(string text)
    {
        var position = 0;
        var result = Word(text, ref position, "");
        return result is not null && position == text.Length ? result : null;
    }

    private string? Word(string text, ref int position, string stop)
    {
        var result = new StringBuilder();
        var quoted = false;
        while (position < text.Length && (quoted || !stop.Contains(text[position], StringComparison.Ordinal)))
        {
            var c = text[position];
            if (c == '"')
            {
                quoted = !quoted;
                position++;
            }
            else if (c == '\'' && !quoted)
            {
                var end = text.IndexOf('\'', position + 1);
                if (end < 0)
                {
                    return null;
                }

                result.Append(text, position + 1, end - position - 1);
                position = end + 1;
            }
            else if (c == escape && position + 1 < text.Length)
            {
                result.Append(text[position + 1]);
                position += 2;
            }
            else if (c == '$')
            {
                if (Variable(text, ref position) is not { } value)
                {
                    return null;
                }

                result.Append(value);
            }
            else
            {
                result.Append(c);
                position++;
            }
        }

        return quoted ? null : result.ToString();
    }

    private string? Variable(string text, ref int position)
    {
        position++;
        if (position < text.Length && text[position] == '{')
        {
            position++;
            return Braced(text, ref position);
        }

        var name = Name(text, ref position);
        return name.Length == 0 ? null : Find(name) ?? "";
    }

    private string? Braced(string text, ref int position)
    {
        var name = Name(text, ref position);
        if (name.Length == 0 || position >= text.Length)
        {
            return null;
        }

        if (text[position] == '}')
        {
            position++;
            return Find(name) ?? "";
        }

        // With a colon an empty value counts as none.
        var emptyCounts = text[position] == ':';
        position += emptyCounts ? 1 : 0;
        if (position >= text.Length || text[position] is not ('-' or '+'))
        {
            return null;
        }

        var alternative = text[position++] == '+';
        if (Word(text, ref position, "}") is not { } word || position >= text.Length)
        {
            return null;
        }

        position++;
        var value = Find(name);
        var set = value is not null && !(emptyCounts && value.Length == 0);
        return alternative ? (set ? word : "") : set ? value : word;
    }

    private static string Name(string text, ref int position)
    {
        var start = position;
        while (position < text.Length && (char.IsAsciiLetterOrDigit(text[position]) || text[position] == '_'))
        {
            position++;
        }

        return text[start..position];
    }
}
