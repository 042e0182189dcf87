using System.Text.RegularExpressions;

namespace Berth.Server.Repositories;

/// <summary>GitHub's grammar of repository names.</summary>
internal static partial class RepositoryNames
{
    /// <summary>Null when the name is allowed. Otherwise says what is wrong.</summary>
    public static string? Fault(string name) =>
        !Grammar().IsMatch(name) ? "a repository name is 1 to 100 letters, digits and . _ -"
        : name is "." or ".." || name.EndsWith(".git", StringComparison.OrdinalIgnoreCase)
        ? "a repository name is not . or .. and does not end in .git"
        : null;

    /// <summary>Splits <c>owner/name</c>, as in bodies and queries.</summary>
    public static bool TrySplit(string? fullName, out string owner, out string name)
    {
        var slash = fullName?.IndexOf('/', StringComparison.Ordinal) ?? -1;
        owner = slash > 0 ? fullName![..slash] : "";
        name = slash > 0 ? fullName![(slash + 1)..] : "";
        return owner.Length > 0 && Grammar().IsMatch(name);
    }

    [GeneratedRegex(@"^[a-zA-Z0-9._-]{1,100}\z", RegexOptions.NonBacktracking)]
    private static partial Regex Grammar();
}
