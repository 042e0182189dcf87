using System.Text;

namespace Berth.Server.Codespaces.Dockerfiles;

/// <summary>
/// The names that a LABEL instruction gives, as the engine reads them (moby/buildkit, frontend/dockerfile/parser, parseWords and
/// parseNameVal): what begins a word depends on quotes and on the Dockerfile's own escape character.
/// </summary>
internal static class LabelNames
{
    /// <summary>The names, with their quotes, escapes and variables.</summary>
    public static IEnumerable<string> Of(string arguments, char escape)
    {
        var words = Words(arguments, escape);

        // LABEL NAME VALUE, or LABEL NAME=VALUE…
        return words.Count == 0 || !words[0].Contains('=', StringComparison.Ordinal)
            ? [arguments.Split([' ', '\t'], 2)[0]]
            : words.Select(word => word.Split('=', 2)[0]);
    }

    /// <summary>Removes from a name what the engine removes, and perhaps a little more.</summary>
    public static string Bare(string name) => string.Concat(name.Where(c => c is not ('"' or '\'' or '\\' or '`')));

    private static List<string> Words(string text, char escape)
    {
        List<string> words = [];
        var word = new StringBuilder();
        var quote = '\0';
        for (var at = 0; at < text.Length; at++)
        {
            var c = text[at];
            if (quote == '\0' && char.IsWhiteSpace(c))
            {
                End();
                continue;
            }

            if (quote == '\0' ? c is '"' or '\'' : c == quote)
            {
                quote = quote == '\0' ? c : '\0';
            }
            else if (c == escape && quote != '\'' && at + 1 < text.Length)
            {
                word.Append(c);
                c = text[++at];
            }

            word.Append(c);
        }

        End();
        return words;

        void End()
        {
            if (word.Length > 0)
            {
                words.Add(word.ToString());
                word.Clear();
            }
        }
    }
}
