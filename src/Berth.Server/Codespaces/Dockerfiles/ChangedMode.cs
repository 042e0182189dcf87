using System.Text.Json;
using System.Text.RegularExpressions;

namespace Berth.Server.Codespaces.Dockerfiles;

/// <summary>
/// How <c>COPY --chmod</c> is said to a builder that has none: what is copied goes to a place of its own, its mode is changed there, and
/// from there it is copied to where it belongs.
/// </summary>
/// <param name="CopiedFirst">Sources and target of the first copy.</param>
/// <param name="Run">The instruction that changes the mode.</param>
/// <param name="CopiedThen">Source and target of the second copy.</param>
internal sealed partial record ChangedMode(string CopiedFirst, string Run, string CopiedThen)
{
    public static bool IsMode(string text) => Grammar().IsMatch(text);

    /// <param name="words">Sources and target, in either form of COPY.</param>
    /// <param name="number">Tells this place from others.</param>
    /// <returns>Null when it cannot be told whether the target is a file.</returns>
    public static ChangedMode? Of(string words, string mode, int number)
    {
        var listed = StageReader.Strings(words);
        var parts = listed ?? [.. words.Split([' ', '\t'], StringSplitOptions.RemoveEmptyEntries)];
        if (parts.Count < 2)
        {
            return null;
        }

        var (place, target) = ($"/.berth-chmod-{number}/", parts[^1]);

        // One file or folder keeps its name, since a copy to a folder that is there takes it.
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
