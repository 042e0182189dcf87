using System.Text;
using System.Text.RegularExpressions;
using Berth.Server.Faults;

namespace Berth.Server.Codespaces.Dockerfiles;

/// <summary>Text within a Dockerfile (<c>&lt;&lt;EOF</c>).</summary>
/// <param name="Name">The delimiter. It is also the file's name when the text is copied.</param>
/// <param name="Expands">The delimiter was not quoted, so variables in the text are replaced.</param>
internal sealed record Heredoc(string Name, bool Expands, string Content);

/// <summary>One instruction: name in capitals, flags, and the rest on one line without comments and continuations.</summary>
/// <param name="Line">The first line, counted from 1.</param>
/// <param name="Flags">The flags <c>--name=value</c>, without the dashes. The value may be empty.</param>
internal sealed record DockerfileInstruction(
    int Line, string Name, IReadOnlyList<KeyValuePair<string, string>> Flags, string Arguments, IReadOnlyList<Heredoc> Heredocs);

/// <summary>A Dockerfile split into instructions, without their meaning.</summary>
/// <param name="Escape">The character that joins lines: a backslash, or a backtick after <c># escape=`</c>.</param>
/// <param name="Syntax">The value of <c># syntax=</c>, or null.</param>
internal sealed record ParsedDockerfile(string Path, char Escape, string? Syntax, IReadOnlyList<DockerfileInstruction> Instructions);

/// <summary>
/// Parses a Dockerfile (docs.docker.com/reference/dockerfile). It is strict on purpose: Berth writes the Dockerfile for the engine anew
/// from what it understood here, so ambiguous text is refused with its line.
/// </summary>
internal static partial class DockerfileParser
{
    private const int MaxInstructions = 2000;
    private const int LongestDirective = 1000;

    public static readonly string[] Known =
    [
        "ADD", "ARG", "CMD", "COPY", "ENTRYPOINT", "ENV", "EXPOSE", "FROM", "HEALTHCHECK", "LABEL", "MAINTAINER", "ONBUILD", "RUN", "SHELL",
        "STOPSIGNAL", "USER", "VOLUME", "WORKDIR",
    ];

    /// <exception cref="FaultException">The text is no Dockerfile. The message names path and line.</exception>
    public static ParsedDockerfile Parse(string text, string path)
    {
        var lines = text.TrimStart('\uFEFF').Split('\n').Select(line => line.EndsWith('\r') ? line[..^1] : line).ToArray();
        var (escape, syntax) = Directives(lines, path);
        List<DockerfileInstruction> instructions = [];
        for (var next = 0; next < lines.Length;)
        {
            var first = next;
            if (IsNothing(lines[first]))
            {
                next++;
                continue;
            }

            var joined = Join(lines, ref next, escape);
            instructions.Add(Instruction(joined.Trim(), first + 1, path, lines, ref next, escape));
            if (instructions.Count > MaxInstructions)
            {
                throw Fault(path, first + 1, $"more than {MaxInstructions} instructions");
            }
        }

        return new ParsedDockerfile(path, escape, syntax, instructions);
    }

    public static FaultException Fault(string path, int line, string reason) =>
        new(FaultKind.Configuration, $"{path} line {line}: {reason}");

    /// <summary>Only comments at the very top are directives.</summary>
    private static (char Escape, string? Syntax) Directives(string[] lines, string path)
    {
        var escape = '\\';
        string? syntax = null;
        HashSet<string> seen = new(StringComparer.OrdinalIgnoreCase);
        for (var i = 0; i < lines.Length && lines[i].Length <= LongestDirective
            && Directive().Match(lines[i]) is { Success: true } match; i++)
        {
            var (name, value) = (match.Groups["name"].Value.ToLowerInvariant(), match.Groups["value"].Value);
            if (name is not ("escape" or "syntax" or "check"))
            {
                break;
            }

            if (!seen.Add(name))
            {
                throw Fault(path, i + 1, $"the directive {name} is given twice");
            }

            if (name == "escape")
            {
                escape = value is "\\" or "`" ? value[0] : throw Fault(path, i + 1, "escape must be \\ or `");
            }
            else if (name == "syntax")
            {
                syntax = value;
            }
        }

        return (escape, syntax);
    }

    private static bool IsNothing(string line) => line.AsSpan().Trim() is var trimmed && (trimmed.IsEmpty || trimmed[0] == '#');

    /// <summary>Joins continued lines, without the comments and empty lines between them.</summary>
    private static string Join(string[] lines, ref int next, char escape)
    {
        var joined = new StringBuilder();
        while (next < lines.Length)
        {
            var line = lines[next];
            if (joined.Length > 0 && IsNothing(line))
            {
                next++;
                continue;
            }

            next++;
            if (!IsContinued(line, escape))
            {
                return joined.Append(line).ToString();
            }

            joined.Append(line.AsSpan().TrimEnd(" \t")[..^1]);
            if (joined.Length == 0)
            {
                joined.Append(' ');
            }
        }

        return joined.ToString();
    }

    /// <summary>True when the line ends with an escape character that is not itself escaped.</summary>
    public static bool IsContinued(string line, char escape)
    {
        var end = line.AsSpan().TrimEnd(" \t");
        return end.Length > 0 && end[^1] == escape && (end.Length == 1 || end[^2] != escape);
    }

    private static DockerfileInstruction Instruction(string text, int line, string path, string[] lines, ref int next, char escape)
    {
        if (text.Any(c => char.IsControl(c) && c != '\t'))
        {
            throw Fault(path, line, "the instruction contains control characters");
        }

        var name = new string([.. text.TakeWhile(char.IsAsciiLetter)]).ToUpperInvariant();
        var rest = text[name.Length..];
        if (!Known.Contains(name) || (rest.Length > 0 && rest[0] is not (' ' or '\t')))
        {
            throw Fault(path, line, $"'{Short(text)}' is no instruction of a Dockerfile");
        }

        List<KeyValuePair<string, string>> flags = [];
        rest = rest.TrimStart();
        while (rest.StartsWith("--", StringComparison.Ordinal))
        {
            var end = rest.IndexOfAny([' ', '\t']);
            var flag = end < 0 ? rest : rest[..end];
            rest = end < 0 ? "" : rest[end..].TrimStart();
            if (!Flag().IsMatch(flag))
            {
                throw Fault(path, line, $"the flag {Short(flag)} is not understood; flags are written --name=value without quotes");
            }

            var equals = flag.IndexOf('=', StringComparison.Ordinal);
            flags.Add(equals < 0 ? new(flag[2..], "") : new(flag[2..equals], flag[(equals + 1)..]));
        }

        var heredocs = name is "RUN" or "COPY" or "ADD" ? Heredocs(rest, line, path, lines, ref next) : [];
        return rest.Length == 0
            ? throw Fault(path, line, $"{name} needs arguments")
            : new DockerfileInstruction(line, name, flags, rest, heredocs);
    }

    /// <summary>Parses the instruction within an ONBUILD.</summary>
    public static DockerfileInstruction Trigger(DockerfileInstruction instruction, string path, char escape)
    {
        var next = 0;
        var trigger = Instruction(instruction.Arguments, instruction.Line, path, [], ref next, escape);
        return trigger.Name is "ONBUILD" or "FROM" or "MAINTAINER"
            ? throw Fault(path, instruction.Line, $"ONBUILD {trigger.Name} is not allowed")
            : trigger;
    }

    /// <summary>A word that is nothing but <c>&lt;&lt;NAME</c> begins one; its lines follow the instruction.</summary>
    private static List<Heredoc> Heredocs(string arguments, int line, string path, string[] lines, ref int next)
    {
        List<Heredoc> found = [];
        foreach (var word in arguments.Split([' ', '\t'], StringSplitOptions.RemoveEmptyEntries))
        {
            if (HeredocWord().Match(word) is not { Success: true } match)
            {
                continue;
            }

            var name = match.Groups["name"].Value;
            var tabs = match.Groups["dash"].Length > 0;
            var content = new StringBuilder();
            while (true)
            {
                if (next >= lines.Length)
                {
                    throw Fault(path, line, $"the text <<{name} has no end");
                }

                var current = lines[next++];
                var stripped = tabs ? current.TrimStart('\t') : current;
                if (stripped == name)
                {
                    break;
                }

                content.Append(stripped).Append('\n');
            }

            found.Add(new Heredoc(name, match.Groups["quote"].Length == 0, content.ToString()));
        }

        return found;
    }

    public static string Short(string text) => text.Length <= 60 ? text : text[..60] + "…";

    [GeneratedRegex(@"^#\s*(?<name>[A-Za-z][A-Za-z0-9]*)\s*=\s*(?<value>.+?)\s*\z", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Directive();

    [GeneratedRegex(@"^--[a-z][a-z-]*(=[^""'`\\\s]*)?\z", RegexOptions.ExplicitCapture | RegexOptions.NonBacktracking)]
    private static partial Regex Flag();

    [GeneratedRegex(
        @"^[0-9]*<<(?<dash>-?)(?<quote>[""']?)(?<name>[A-Za-z_][A-Za-z0-9_.-]*)\k<quote>\z", RegexOptions.ExplicitCapture, 1000)]
    public static partial Regex HeredocWord();
}
