using System.Security.Cryptography;
using Berth.Server.Codespaces.Engine;
using Berth.Server.Codespaces.Environment;

namespace Berth.Server.Codespaces.Steps;

/// <summary>
/// Finds out which environment the remote user's shell sets (containers.dev, <c>userEnvProbe</c>). Version managers set their paths in its
/// startup files. Berth asks before any secret is in the container's environment, so that the answer contains none.
/// </summary>
internal sealed class ProbeEnvironment(string probe)
{
    /// <summary>Variables that concern only the shell that was asked, and are no use to other processes.</summary>
    private static readonly string[] OfShell = ["PWD", "OLDPWD", "SHLVL", "_"];

    /// <summary>
    /// Runs the shell of the user's entry in passwd(5), or sh. A mark that nobody knows beforehand separates the environment from whatever
    /// else the shell prints.
    /// </summary>
    private const string Script = """
        entry=$(getent passwd "$(id -un 2>/dev/null)" 2>/dev/null || grep "^$(id -un 2>/dev/null):" /etc/passwd 2>/dev/null)
        shell=${entry##*:}
        [ -x "$shell" ] || shell=/bin/sh
        exec "$shell" "$1" "$2"
        """;

    private readonly string _mark = RandomNumberGenerator.GetHexString(32);

    /// <summary>The question for the shell. Null when nothing is to be asked.</summary>
    public ShellQuestion? Question
    {
        get
        {
            var options = probe switch { "none" => null, "interactiveShell" => "-ic", "loginShell" => "-lc", _ => "-lic" };
            return options is null
                ? null
                : new ShellQuestion(Script, [options, $"printf %s {_mark}; cat /proc/self/environ; printf %s {_mark}"]);
        }
    }

    /// <param name="answer">Null when no answer came in time.</param>
    /// <returns>The variables. Empty when nothing was asked, or when there is no usable answer, which the log says.</returns>
    public IReadOnlyDictionary<string, string> Read(string? answer, EngineContainer container, string user, Action<string, string> log)
    {
        if (Question is not null && answer?.Split(_mark) is not { Length: 3 })
        {
            log("up", $"userEnvProbe ({probe}) is left out: "
                + (answer is null
                    ? $"the shell of {user} took longer than {ShellQuestion.Limit.TotalSeconds:0} seconds"
                    : $"the shell of {user} failed"));
        }

        return answer?.Split(_mark) is [_, var printed, _]
            ? Merge(printed, container.Environment, user is "root" or "0")
            : new Dictionary<string, string>(StringComparer.Ordinal);
    }

    internal static Dictionary<string, string> Merge(string printed, IReadOnlyList<string> ofContainer, bool isRoot)
    {
        Dictionary<string, string> variables = new(StringComparer.Ordinal);
        foreach (var entry in printed.Split('\0'))
        {
            var equals = entry.IndexOf('=', StringComparison.Ordinal);
            if (equals > 0 && VariableName.IsOne(entry.AsSpan(0, equals)) && !OfShell.Contains(entry[..equals]))
            {
                variables[entry[..equals]] = entry[(equals + 1)..];
            }
        }

        if (variables.TryGetValue("PATH", out var ofShell)
            && ofContainer.FirstOrDefault(entry => entry.StartsWith("PATH=", StringComparison.Ordinal)) is { } own)
        {
            variables["PATH"] = MergePaths(ofShell, own["PATH=".Length..], isRoot);
        }

        return variables;
    }

    /// <summary>
    /// Merges the PATH of the shell with that of the container. /etc/profile sets PATH anew on many systems, so the folders that the image
    /// added are put back, each after the one that it followed. Folders of administrators are only added for root.
    /// </summary>
    internal static string MergePaths(string ofShell, string ofContainer, bool isRoot)
    {
        List<string> folders = [.. ofShell.Split(':')];
        var next = 0;
        foreach (var folder in ofContainer.Split(':'))
        {
            var at = folders.IndexOf(folder);
            if (at >= 0)
            {
                next = at + 1;
            }
            else if (isRoot || !folder.Split('/').Contains("sbin"))
            {
                folders.Insert(next++, folder);
            }
        }

        return string.Join(':', folders);
    }
}
