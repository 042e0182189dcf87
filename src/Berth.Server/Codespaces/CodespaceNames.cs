using System.Security.Cryptography;
using System.Text;

namespace Berth.Server.Codespaces;

/// <summary>
/// Makes names as GitHub's are, <c>ada-app-g4wpq6h95q</c>: a DNS label with room for a port, since forwarded ports will be hosts.
/// </summary>
internal static class CodespaceNames
{
    private const int LongestPart = 20;

    public static string Create(string owner, string repository) =>
        $"{Part(owner)}-{Part(repository)}-{RandomNumberGenerator.GetString("abcdefghjkmnpqrstuvwxyz23456789", 10)}";

    private static string Part(string text)
    {
        var part = new StringBuilder();
        foreach (var c in text.ToLowerInvariant())
        {
            var fits = char.IsAsciiLetterLower(c) || char.IsAsciiDigit(c);
            if (fits || (part.Length > 0 && part[^1] != '-'))
            {
                part.Append(fits ? c : '-');
            }
        }

        var result = part.ToString(0, Math.Min(part.Length, LongestPart)).Trim('-');
        return result.Length == 0 ? "x" : result;
    }
}
