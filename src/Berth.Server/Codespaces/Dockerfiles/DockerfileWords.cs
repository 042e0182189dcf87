using System.Text;

namespace Berth.Server.Codespaces.Dockerfiles;

/// <summary>
/// Splits ENV, ARG and LABEL into words as the engine does: at blanks that are neither quoted nor escaped. Quotes and escapes stay.
/// </summary>
internal static class DockerfileWords
{
    public static List<string> Split(string text, char escape)
    {
        List<string> words = [];
        var word = new StringBuilder();
        var quote = '\0';
        for (var i = 0; i < text.Length; i++)
        {
            var c = text[i];
            if (quote == '\0' && char.IsWhiteSpace(c))
            {
                if (word.Length > 0)
                {
                    words.Add(word.ToString());
                    word.Clear();
                }

                continue;
            }

            word.Append(c);
            if (c == escape && quote != '\'' && i + 1 < text.Length)
            {
                word.Append(text[++i]);
            }
            else if (quote == '\0' ? c is '\'' or '"' : c == quote)
            {
                quote = quote == '\0' ? c : '\0';
            }
        }

        if (word.Length > 0)
        {
            words.Add(word.ToString());
        }

        return words;
    }

    /// <summary>Reads <c>NAME=VALUE …</c>, or the older form <c>NAME VALUE</c>. The value is null where there is none.</summary>
    public static IEnumerable<(string Name, string? Value)> Pairs(string text, char escape, bool withOldForm)
    {
        var words = Split(text, escape);
        if (withOldForm && words.Count > 0 && !words[0].Contains('=', StringComparison.Ordinal))
        {
            var end = text.AsSpan().IndexOfAny(' ', '\t');
            return [end < 0 ? (text, null) : (text[..end], text[end..].TrimStart())];
        }

        return words.Select(word => word.Split('=', 2)).Select(parts => (parts[0], parts.Length == 2 ? parts[1] : null));
    }
}
