using Berth.Server.Codespaces.Expansion;

namespace Berth.Server.Codespaces.Dockerfiles;

/// <summary>
/// Replaces variables in an argument of FROM or ARG: <c>$NAME</c>, <c>${NAME}</c> and its forms with <c>-</c>, <c>:-</c>, <c>+</c>,
/// <c>:+</c>; removes quotes.
/// </summary>
internal sealed class DockerfileVariables(char escape, ExpansionBudget budget)
{
    private readonly Dictionary<string, string> _values = new(StringComparer.Ordinal);

    public void Set(string name, string value) => _values[name] = value;

    public string? Find(string name) => _values.GetValueOrDefault(name);

    /// <returns>Null when the text is not valid.</returns>
    public string? Expand(string text, TextPlace place)
    {
        var position = 0;
        var result = new Reading(this, text, place).Word(ref position, "", 0);
        return result is not null && position == text.Length ? result : null;
    }

    private sealed class Reading(DockerfileVariables variables, string text, TextPlace place)
    {
        public string? Word(ref int position, string stop, int depth)
        {
            variables.Budget.Nest(depth, place);
            var result = new ExpandedText(variables.Budget, place);
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

                    result.Append(text.AsSpan(position + 1, end - position - 1));
                    position = end + 1;
                }
                else if (c == variables.Escape && position + 1 < text.Length)
                {
                    result.Append(text[position + 1]);
                    position += 2;
                }
                else if (c == '$')
                {
                    if (Variable(ref position, depth) is not { } value)
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

        private string? Variable(ref int position, int depth)
        {
            position++;
            if (position < text.Length && text[position] == '{')
            {
                position++;
                return Braced(ref position, depth);
            }

            var name = Name(ref position);
            return name.Length == 0 ? null : variables.Find(name) ?? "";
        }

        private string? Braced(ref int position, int depth)
        {
            var name = Name(ref position);
            if (name.Length == 0 || position >= text.Length)
            {
                return null;
            }

            if (text[position] == '}')
            {
                position++;
                return variables.Find(name) ?? "";
            }

            // With a colon, an empty value counts as not set.
            var emptyCounts = text[position] == ':';
            position += emptyCounts ? 1 : 0;
            if (position >= text.Length || text[position] is not ('-' or '+'))
            {
                return null;
            }

            var alternative = text[position++] == '+';
            if (Word(ref position, "}", depth + 1) is not { } word || position >= text.Length)
            {
                return null;
            }

            position++;
            var value = variables.Find(name);
            var set = value is not null && !(emptyCounts && value.Length == 0);
            return alternative ? (set ? word : "") : set ? value : word;
        }

        private string Name(ref int position)
        {
            var start = position;
            while (position < text.Length && (char.IsAsciiLetterOrDigit(text[position]) || text[position] == '_'))
            {
                position++;
            }

            return text[start..position];
        }
    }

    private char Escape => escape;

    private ExpansionBudget Budget => budget;
}
