using System.Security.Cryptography;
using Berth.Server.Codespaces.Engine;
using Berth.Server.Codespaces.Environment;

namespace Berth.Server.Codespaces.Steps;

/// <summary>
/// Finds out what the remote user's shell makes of the environment (containers.dev, <c>userEnvProbe</c>): version managers set their paths
/// in its startup files. Asked before any secret is in the container's environment, so that none is among the answer.
/// </summary>
/// <param name="probe">As the configuration says it.</param>
internal sealed class ProbeEnvironment(string probe)
{
    /// <summary>Of the shell that was asked, and of no use to others.</summary>
    private static readonly string[] OfShell = ["PWD", "OLDPWD", "SHLVL", "_"];

    /// <summary>
    /// The shell of the user's entry in passwd(5), or sh. What it prints by itself is told from the environment by a mark that nobody
    /// knows before.
    /// </summary>
    private const string Script = """
        entry=$(getent passwd "$(id -un 2>/dev/null)" 2>/dev/null || grep "^$(id -un 2>/dev/null):" /etc/passwd 2>/dev/null)
        shell=${entry##*:}
        [ -x "$shell" ] || shell=/bin/sh
        exec "$shell" "$1" "$2"
        """;

    private readonly string _mark = RandomNumberGenerator.GetHexString(32);

    /// <summary>Null: nothing is to be asked.</summary>
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

    /// <param name="answer">What was answered; null: nothing in time.</param>
    /// <returns>Empty when it cannot be found out, which the log says, and when nothing was asked.</returns>
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
    /// /etc/profile sets PATH anew on many systems. What the image added to it goes back in, each folder after the one before it there;
    /// folders of administrators are for root alone.
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
