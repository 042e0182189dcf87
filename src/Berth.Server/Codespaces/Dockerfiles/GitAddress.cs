using System.Text.RegularExpressions;

namespace Berth.Server.Codespaces.Dockerfiles;

/// <summary>
/// A git repository as ADD names it: <c>https://HOST/PATH.git#REF:FOLDER</c> (docs.docker.com/reference/dockerfile, "ADD").
/// </summary>
/// <param name="Reference">A branch, tag or commit. Null: the remote's default branch.</param>
/// <param name="Folder">A folder within the repository. Null: the whole repository.</param>
internal sealed partial record GitAddress(Uri Url, string? Reference, string? Folder)
{
    private const int Longest = 255;

    /// <summary>True when docker build would take the text for a repository.</summary>
    public static bool IsOne(string text) =>
        text.StartsWith("git@", StringComparison.Ordinal) || text.StartsWith("git://", StringComparison.Ordinal)
        || text.StartsWith("ssh://", StringComparison.Ordinal)
        || (text.StartsWith("http", StringComparison.OrdinalIgnoreCase)
            && text.Split('#', '?')[0].EndsWith(".git", StringComparison.Ordinal));

    /// <summary>Reads the address. The address is null when the repository cannot be cloned, and the fault says why.</summary>
    public static (GitAddress? Address, string? Fault) Read(string text)
    {
        var parts = text.Split('#', 2);
        if (!Uri.TryCreate(parts[0], UriKind.Absolute, out var url) || url.Scheme is not ("http" or "https") || url.Host.Length == 0)
        {
            return (null, "repositories are cloned over http and https, without a key; name it by https, or make it a submodule");
        }

        if (url.UserInfo.Length > 0)
        {
            return (null, "the URL must not contain a user name or a password; builds get no secrets; make the repository a submodule");
        }

        if (url.Query.Length > 0)
        {
            return (null, "a branch, tag or commit stands behind a #, as in https://HOST/PATH.git#REF:FOLDER");
        }

        var (reference, folder) = parts.Length == 1 ? ("", "") : parts[1].Split(':', 2) switch
        {
            [var one] => (one, ""),
            [var one, var two, ..] => (one, two.Trim('/')),
            _ => ("", ""),
        };
        return reference.Length > 0 && (reference.Length > Longest || !ReferenceGrammar().IsMatch(reference))
            ? (null, "what stands behind # is no name of a branch or tag, and no commit")
            : folder.Length > Longest || folder.Split('/').Any(part => part is ".." or ".git" || part.Any(char.IsControl))
            ? (null, "what stands behind # and : is no folder of the repository")
            : (new GitAddress(url, reference.Length == 0 ? null : reference, folder is "" or "." ? null : folder), null);
    }

    /// <summary>True for the id of a commit, or its beginning.</summary>
    public static bool IsCommit(string text) => CommitGrammar().IsMatch(text);

    /// <summary>References that git cannot take for an option, a pattern or an expression.</summary>
    [GeneratedRegex(@"^[A-Za-z0-9_][A-Za-z0-9_./+@-]*\z", RegexOptions.ExplicitCapture | RegexOptions.NonBacktracking)]
    private static partial Regex ReferenceGrammar();

    [GeneratedRegex(@"^[0-9a-f]{7,64}\z", RegexOptions.ExplicitCapture | RegexOptions.NonBacktracking)]
    private static partial Regex CommitGrammar();
}
