namespace Berth.Server.Access;

/// <summary>
/// Matches refs of a repository: one ref (<c>refs/heads/main</c>), or all refs that begin in the same way (<c>refs/tags/v*</c>).
/// </summary>
internal static class RefPattern
{
    /// <summary>Says what is wrong with the field <c>ref</c>. Null when it is a pattern.</summary>
    public static string? FaultOf(string pattern) =>
        pattern.StartsWith("refs/", StringComparison.Ordinal) && pattern.TrimEnd('*').IndexOf('*') < 0
            ? null
            : $"ref must be whole, such as refs/heads/{pattern}; a * may stand at its end";

    /// <param name="gitRef">Null: the ref is not known. No pattern covers it then.</param>
    public static bool Covers(string pattern, string? gitRef) =>
        gitRef is not null
        && (pattern.EndsWith('*') ? gitRef.StartsWith(pattern[..^1], StringComparison.Ordinal) : gitRef == pattern);
}
