using System.Security.Cryptography;
using System.Text;
using Berth.Server.Codespaces.Engine;

namespace Berth.Server.Codespaces.Steps;

/// <summary>
/// Finds out what the remote user's shell makes of the environment (containers.dev, <c>userEnvProbe</c>): version managers set their paths
/// in its startup files. Asked before any secret is in the container's environment, so that none is among the answer.
/// </summary>
internal sealed class ProbeEnvironment(IContainerEngine engine, TimeProvider time)
{
    private const int MostBytes = 512 * 1024;
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(10);

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

    /// <returns>Null when it cannot be found out, which the log says.</returns>
    public async Task<IReadOnlyDictionary<string, string>?> RunAsync(
        EngineContainer container, string user, string probe, Action<string, string> log, CancellationToken cancellationToken)
    {
        var options = probe switch { "none" => null, "interactiveShell" => "-ic", "loginShell" => "-lc", _ => "-lic" };
        if (options is null)
        {
            return new Dictionary<string, string>(StringComparer.Ordinal);
        }

        var mark = RandomNumberGenerator.GetHexString(32);
        var print = $"printf %s {mark}; cat /proc/self/environ; printf %s {mark}";
        var command = new EngineCommand(["/bin/sh", "-c", Script, "-", options, print], user, "/") { Errors = false };
        var output = await ReadAsync(container.Id, command, cancellationToken);
        var parts = output?.Split(mark);
        if (parts is not { Length: 3 })
        {
            log("up", $"userEnvProbe ({probe}) is left out: "
                + (output is null
                    ? $"the shell of {user} took longer than {Limit.TotalSeconds:0} seconds"
                    : $"the shell of {user} failed"));
            return null;
        }

        return Merge(parts[1], container.Environment, user is "root" or "0");
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

    /// <returns>Null when it takes too long.</returns>
    private async Task<string?> ReadAsync(string container, EngineCommand command, CancellationToken cancellationToken)
    {
        using var limit = new CancellationTokenSource(Limit, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, limit.Token);
        await using var process = await engine.RunAsync(container, command, either.Token);
        try
        {
            process.CloseInput();
            using var output = new MemoryStream();
            await process.ReadAsync(
                (_, piece) =>
                {
                    output.Write(piece.Span[..(int)Math.Min(piece.Length, MostBytes - output.Length)]);
                    return Task.CompletedTask;
                },
                either.Token);
            return Encoding.UTF8.GetString(output.GetBuffer().AsSpan(0, (int)output.Length));
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            await process.KillAsync(time, cancellationToken);
            return null;
        }
        catch (IOException)
        {
            return "";
        }
    }
}
