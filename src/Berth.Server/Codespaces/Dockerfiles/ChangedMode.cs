using System.Text.Json;
using System.Text.RegularExpressions;

namespace Berth.Server.Codespaces.Dockerfiles;

/// <summary>
/// Rewrites <c>COPY --chmod</c> for a builder that does not know the flag. The files are copied to a folder of their own, their mode is
/// changed there, and they are copied from there to their target.
/// </summary>
internal sealed partial record ChangedMode(string CopiedFirst, string Run, string CopiedThen)
{
    public static bool IsMode(string text) => Grammar().IsMatch(text);

    /// <param name="words">The sources and the target, in either form of COPY.</param>
    /// <param name="number">A number that keeps this place apart from others.</param>
    /// <returns>Null when it is unclear whether the target is a file.</returns>
    public static ChangedMode? Of(string words, string mode, int number)
    {
        var listed = StageReader.Strings(words);
        var parts = listed ?? [.. words.Split([' ', '\t'], StringSplitOptions.RemoveEmptyEntries)];
        if (parts.Count < 2)
        {
            return null;
        }

        var (place, target) = ($"/.berth-chmod-{number}/", parts[^1]);

        // A single file or folder keeps its name, since a copy into an existing folder uses that name.
        var name = parts[^2].TrimEnd('/')[(parts[^2].TrimEnd('/').LastIndexOf('/') + 1)..];
        var isOne = parts.Count == 2 && parts[0].IndexOfAny(['*', '?', '[']) < 0;
        if (isOne && name.Contains('$', StringComparison.Ordinal) && !target.EndsWith('/'))
        {
            return null;
        }

        var copied = !isOne || name.Contains('$', StringComparison.Ordinal) ? place : place + (name is "" or "." or ".." ? "all" : name);
        return new ChangedMode(
            Words([.. parts.SkipLast(1), copied]), "RUN " + JsonSerializer.Serialize(new[] { "chmod", "-R", mode, copied }),
            Words([copied, target]));

        string Words(string[] all) => listed is null ? string.Join(' ', all) : JsonSerializer.Serialize(all);
    }

    [GeneratedRegex(
        @"^([0-7]{3,4}|[ugoa]*[+=-][rwxXst]*(,[ugoa]*[+=-][rwxXst]*)*)\z", RegexOptions.ExplicitCapture | RegexOptions.NonBacktracking)]
    private static partial Regex Grammar();
}
