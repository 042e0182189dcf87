using System.Runtime.CompilerServices;
using System.Text.RegularExpressions;

namespace Berth.Tests.Database;

/// <summary>Bodies of writes may run several times, so they contain only SQL. Anything else would be done several times.</summary>
public sealed partial class WriteBodyTests
{
    [Fact]
    public void A_write_does_nothing_but_SQL()
    {
        var source = Path.GetFullPath(Path.Combine(ThisFolder(), "..", "..", "..", "src", "Berth.Server"));
        var bodies = Directory.EnumerateFiles(source, "*.cs", SearchOption.AllDirectories)
            .SelectMany(file => Bodies(File.ReadAllText(file)).Select(body => (File: Path.GetRelativePath(source, file), Body: body)))
            .ToList();
        Assert.True(bodies.Count > 50, $"only {bodies.Count} writes were found");
        Assert.Empty(bodies.Where(body => Effect().IsMatch(body.Body)).Select(body => $"{body.File}: {Effect().Match(body.Body).Value}"));
    }

    private static IEnumerable<string> Bodies(string text)
    {
        foreach (Match call in Write().Matches(text))
        {
            var (at, depth) = (call.Index + call.Length, 1);
            var begin = at;
            for (; depth > 0; at++)
            {
                depth += text[at] == '(' ? 1 : text[at] == ')' ? -1 : 0;
            }

            yield return text[begin..(at - 1)];
        }
    }

    [GeneratedRegex(@"\b_?db\s*\.\s*Write(UnderLocks)?Async(<[^(]*>)?\(", RegexOptions.ExplicitCapture | RegexOptions.NonBacktracking)]
    private static partial Regex Write();

    /// <summary>Logs, metrics, what wakes others, random values, files, requests.</summary>
    [GeneratedRegex(
        @"\bLog[A-Z]\w*\(|\blogger\b|\bmetrics\b|\.Wake\(|\blogs?\.Changed\(|\bRandom\w*\.|\bFile\."
            + @"|\bHttp\w*Client\b|\bstore\.|\bInterlocked\b|\bTask\.Delay\b",
        RegexOptions.ExplicitCapture | RegexOptions.NonBacktracking)]
    private static partial Regex Effect();

    private static string ThisFolder([CallerFilePath] string path = "") => Path.GetDirectoryName(path)!;
}
