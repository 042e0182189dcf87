using System.Text.RegularExpressions;

namespace Berth.Server.Access;

/// <summary>A pattern of tags: <c>*</c> stands for any characters, everything else for itself.</summary>
internal static partial class TagPattern
{
    public static bool Matches(string pattern, string tag)
    {
        // Greedy, going back only to the last star. This is linear in practice, and no pattern can make it slow as a regular expression
        // could be.
        var (p, t, star, from) = (0, 0, -1, 0);
        while (t < tag.Length)
        {
            if (p < pattern.Length && pattern[p] == '*')
            {
                (star, from) = (p++, t);
            }
            else if (p < pattern.Length && pattern[p] == tag[t])
            {
                (p, t) = (p + 1, t + 1);
            }
            else if (star >= 0)
            {
                (p, t) = (star + 1, ++from);
            }
            else
            {
                return false;
            }
        }

        return pattern[p..].All(letter => letter == '*');
    }

    public static bool IsPattern(string text) => text.Length <= 128 && Grammar().IsMatch(text);

    [GeneratedRegex(@"^[a-zA-Z0-9_.*-]+\z", RegexOptions.NonBacktracking)]
    private static partial Regex Grammar();
}
