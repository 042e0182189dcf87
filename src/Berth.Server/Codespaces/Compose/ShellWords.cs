using System.Text;

namespace Berth.Server.Codespaces.Compose;

/// <summary>A command in one text, as a shell would part it; nothing is expanded.</summary>
internal static class ShellWords
{
    /// <returns>Null when a quote is not closed.</returns>
    public static List<string>? Split(string text)
    {
        List<string> words = [];
        var word = new StringBuilder();
        var (quote, begun) = ('\0', false);
        for (var i = 0; i < text.Length; i++)
        {
            var c = text[i];
            if (c == '\\' && quote != '\'' && i + 1 < text.Length)
            {
                // Within double quotes a backslash escapes only these characters.
                word.Append(quote == '"' && text[i + 1] is not ('"' or '\\' or '$' or '`') ? "\\" + text[i + 1] : text[i + 1]);
                (begun, i) = (true, i + 1);
            }
            else if (quote != '\0')
            {
                quote = c == quote ? '\0' : quote;
                if (quote != '\0')
                {
                    word.Append(c);
                }
            }
            else if (c is '\'' or '"')
            {
                (quote, begun) = (c, true);
            }
            else if (!char.IsWhiteSpace(c))
            {
                word.Append(c);
                begun = true;
            }
            else if (begun)
            {
                words.Add(word.ToString());
                word.Clear();
                begun = false;
            }
        }

        if (begun)
        {
            words.Add(word.ToString());
        }

        return quote == '\0' ? words : null;
    }
}
