namespace Berth.Server.Codespaces.Git;

/// <summary>Names of branches and tags, as git and people write them.</summary>
internal static class GitReference
{
    private const string Branches = "refs/heads/";
    private const string Tags = "refs/tags/";

    /// <summary>The branch that a whole reference names; null for a tag and everything else.</summary>
    public static string? BranchOf(string reference) =>
        reference.StartsWith(Branches, StringComparison.Ordinal) ? reference[Branches.Length..] : null;

    /// <summary>The name without <c>refs/heads/</c> or <c>refs/tags/</c>.</summary>
    public static string Short(string reference) =>
        BranchOf(reference) ?? (reference.StartsWith(Tags, StringComparison.Ordinal) ? reference[Tags.Length..] : reference);

    /// <summary>The full references that a short name may mean at a server, in the order of search.</summary>
    public static string[] PlacesOf(string name) => [Branches + name, $"{Tags}{name}^{{}}", Tags + name];

    /// <summary>True for a name that git-check-ref-format(1) accepts and that git cannot take for an option.</summary>
    public static bool IsName(string name) =>
        name.Length is > 0 and <= 255 && name[0] is not '-' and not '/' && name[^1] is not '/' and not '.'
        && !name.Any(c => c <= ' ' || c is '~' or '^' or ':' or '?' or '*' or '[' or '\\' or '\x7f')
        && !name.Contains("..", StringComparison.Ordinal)
        && !name.Contains("//", StringComparison.Ordinal)
        && !name.Contains("@{", StringComparison.Ordinal)
        && !name.Split('/').Any(part => part.StartsWith('.') || part.EndsWith(".lock", StringComparison.Ordinal));
}
