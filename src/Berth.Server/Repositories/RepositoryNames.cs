using System.Text.RegularExpressions;

namespace Berth.Server.Repositories;

/// <summary>The grammar of repository names, GitHub's.</summary>
internal static partial class RepositoryNames
{
    /// <summary>Null when it may be one, else what is wrong.</summary>
    public static string? Fault(string name) =>
        !Grammar().IsMatch(name) ? "a repository name is 1 to 100 letters, digits and . _ -"
        : name is "." or ".." || name.EndsWith(".git", StringComparison.OrdinalIgnoreCase)
        ? "a repository name is not . or .. and does not end in .git"
        : null;

    /// <summary><c>owner/name</c> as it stands in bodies and queries.</summary>
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
