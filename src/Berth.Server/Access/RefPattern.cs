namespace Berth.Server.Access;

/// <summary>Which refs of a repository count: a whole one (<c>refs/heads/main</c>), or all that begin so (<c>refs/tags/v*</c>).</summary>
internal static class RefPattern
{
    /// <summary>What is wrong with it as the field <c>ref</c>; null where it is one.</summary>
    public static string? FaultOf(string pattern) =>
        pattern.StartsWith("refs/", StringComparison.Ordinal) && pattern.TrimEnd('*').IndexOf('*') < 0
            ? null
            : $"ref must be whole, such as refs/heads/{pattern}; a * may stand at its end";

    /// <param name="gitRef">Null: the ref is not known. No pattern covers it then.</param>
    public static bool Covers(string pattern, string? gitRef) =>
        gitRef is not null
        && (pattern.EndsWith('*') ? gitRef.StartsWith(pattern[..^1], StringComparison.Ordinal) : gitRef == pattern);
}
