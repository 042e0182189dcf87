using System.Text;
using System.Text.RegularExpressions;
using Berth.Server.Faults;

namespace Berth.Server.Codespaces.Dockerfiles;

/// <summary>
/// A <c>.dockerignore</c> (docs.docker.com/build/concepts/context). It says which files of a context are left out of a build. Later lines
/// win, and <c>!</c> includes files again.
/// </summary>
internal sealed class IgnorePatterns
{
    private const int MaxPatterns = 1000;
    private readonly List<(Regex Pattern, bool Back)> _patterns = [];

    private IgnorePatterns()
    {
    }

    /// <summary>Some files may be included again, so even an excluded folder must be searched.</summary>
    public bool TakesBack => _patterns.Exists(pattern => pattern.Back);

    /// <exception cref="FaultException">There are too many lines, or a line is not a valid pattern.</exception>
    public static IgnorePatterns Parse(string text, string path)
    {
        var result = new IgnorePatterns();
        foreach (var (line, number) in text.TrimStart('\uFEFF').Split('\n').Select((line, index) => (line.Trim(), index + 1)))
        {
            if (line.Length == 0 || line.StartsWith('#'))
            {
                continue;
            }

            var back = line.StartsWith('!');
            var pattern = Clean(back ? line[1..].Trim() : line);
            if (pattern.Length == 0)
            {
                continue;
            }

            if (pattern.Length > 500 || result._patterns.Count >= MaxPatterns)
            {
                throw new FaultException(
                    FaultKind.Configuration, $"{path} line {number}: the line is too long, or there are more than {MaxPatterns} lines");
            }

            result._patterns.Add((Compile(pattern, path, number), back));
        }

        return result;
    }

    public bool Excludes(string path)
    {
        var segments = path.Split('/');
        var excluded = false;
        foreach (var (pattern, back) in _patterns)
        {
            // A pattern that matches a folder matches what is in it.
            if (excluded == back
                && (pattern.IsMatch(path)
                    || Enumerable.Range(1, segments.Length - 1).Any(count => pattern.IsMatch(string.Join('/', segments[..count])))))
            {
                excluded = !back;
            }
        }

        return excluded;
    }

    /// <summary>Cleans a pattern as paths are cleaned: no leading slash, no dots. What leads out of the root begins at the root.</summary>
    internal static string Clean(string pattern)
    {
        List<string> segments = [];
        foreach (var segment in pattern.Split('/', StringSplitOptions.RemoveEmptyEntries).Where(segment => segment != "."))
        {
            if (segment != "..")
            {
                segments.Add(segment);
            }
            else if (segments.Count > 0)
            {
                segments.RemoveAt(segments.Count - 1);
            }
        }

        return string.Join('/', segments);
    }

    private static Regex Compile(string pattern, string path, int line)
    {
        var regex = new StringBuilder("^");
        for (var i = 0; i < pattern.Length; i++)
        {
            switch (pattern[i])
            {
                case '*' when i + 1 < pattern.Length && pattern[i + 1] == '*':
                    i++;
                    var slash = i + 1 < pattern.Length && pattern[i + 1] == '/';
                    i += slash ? 1 : 0;
                    regex.Append(i + 1 >= pattern.Length ? ".*" : "(.*/)?");
                    break;
                case '*':
                    regex.Append("[^/]*");
                    break;
                case '?':
                    regex.Append("[^/]");
                    break;
                case '[' when pattern.IndexOf(']', i + 1) is var end && end > i:
                    regex.Append('[')
                        .Append(
                            pattern[(i + 1)..end]
                                .Replace(@"\", @"\\", StringComparison.Ordinal)
                                .Replace("[", @"\[", StringComparison.Ordinal))
                        .Append(']');
                    i = end;
                    break;
                case '\\' when i + 1 < pattern.Length:
                    regex.Append(Regex.Escape(pattern[++i].ToString()));
                    break;
                default:
                    regex.Append(Regex.Escape(pattern[i].ToString()));
                    break;
            }
        }

        try
        {
            return new Regex(
                regex.Append(@"\z").ToString(),
                RegexOptions.NonBacktracking | RegexOptions.CultureInvariant | RegexOptions.Singleline | RegexOptions.ExplicitCapture);
        }
        catch (ArgumentException)
        {
            throw new FaultException(FaultKind.Configuration, $"{path} line {line}: '{pattern}' is no pattern");
        }
    }
}
