using System.Text.Json;
using System.Text.RegularExpressions;
using Berth.Server.Codespaces.Sandbox;
using Berth.Server.Http;
using Berth.Server.Json;

namespace Berth.Server.Codespaces.Devcontainers;

/// <summary>How <c>devcontainer up</c> ended.</summary>
/// <param name="ContainerId">Null when no container came to be.</param>
/// <param name="RemoteUser">Null when it failed.</param>
/// <param name="Failure">Null when it succeeded.</param>
internal sealed record UpResult(string? ContainerId, string? RemoteUser, string? Failure)
{
    /// <summary>The container stands; one of its own lifecycle commands (postCreateCommand …) failed in it.</summary>
    public bool OnlyCommandFailed =>
        ContainerId is not null && Failure is not null && Failure.Contains("Command from ", StringComparison.Ordinal);
}

/// <summary>
/// Runs the reference implementation, <c>devcontainer up</c>, for one codespace: against the codespace's own engine socket, with a
/// configuration that Berth wrote, and an environment that holds nothing of the server's but PATH.
/// </summary>
internal sealed partial class DevcontainerUp(CodespaceTools tools, OutgoingOptions options, ISandbox sandbox)
{
    /// <param name="workspace">The checkout; need not be there before the tools are answered at the socket.</param>
    /// <param name="label">Identifies the codespace's container: <c>key=value</c>.</param>
    public async Task<UpResult> RunAsync(
        SandboxView view, CodespaceFolders folders, string workspace, string engineSocket, string label, Action<string> log,
        Action<string> begins,
        CancellationToken cancellationToken)
    {
        string[] arguments =
        [
            "up", "--workspace-folder", workspace, "--override-config", folders.Override, "--id-label", label,
            "--docker-path", tools.DockerClient(), "--user-data-folder", folders.Home, "--update-remote-user-uid-default", "never",
            "--log-format", "json",

            // Berth builds, so the tools need not look for what builds.
            "--buildkit", "never",
        ];
        AnswerForTheirSite(folders);
        return Read(await sandbox.RunAsync(
            View(view, engineSocket), tools.DevcontainerCli(), arguments, Environment(folders, engineSocket), folders.Home,
            line => ReadOutput(line, log, begins), Timeout.InfiniteTimeSpan, cancellationToken));
    }

    private SandboxView View(SandboxView view, string engineSocket) => view with
    {
        Writable = [.. view.Writable, engineSocket],
        ReadOnly = string.IsNullOrEmpty(options.CaFile) ? view.ReadOnly : [.. view.ReadOnly, Path.GetFullPath(options.CaFile)],
    };

    /// <summary>
    /// The tools ask their own site at every start for a list of features that are not to be used, unless they did so within five minutes.
    /// Berth installs features by itself, so the answer is there, and no start waits for a site on the internet.
    /// </summary>
    private static void AnswerForTheirSite(CodespaceFolders folders)
    {
        var cache = Directory.CreateDirectory(Path.Combine(folders.Home, "devcontainercli-" + SandboxView.UserName));
        File.WriteAllText(Path.Combine(cache.FullName, "control-manifest.json"), """{"disallowedFeatures":[],"featureAdvisories":[]}""");
    }

    private Dictionary<string, string> Environment(CodespaceFolders folders, string engineSocket)
    {
        var environment = new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["PATH"] = tools.SearchPath,
            ["HOME"] = folders.Home,
            ["TMPDIR"] = folders.Home,
            ["LC_ALL"] = "C.UTF-8",
            ["DOCKER_HOST"] = "unix://" + engineSocket,
            ["DOCKER_CONFIG"] = folders.Home,
        };
        if (!string.IsNullOrEmpty(options.CaFile))
        {
            environment["NODE_EXTRA_CA_CERTS"] = Path.GetFullPath(options.CaFile);
        }

        return environment;
    }

    /// <summary>
    /// Of the tools' log (one JSON object a line; a stack trace at the end of a failure is none) people want the steps, the output of their
    /// own commands and warnings. The rest, the probed environment of the container among it, is not theirs to read here.
    /// </summary>
    internal static void ReadOutput(string line, Action<string> log, Action<string> begins)
    {
        if (!line.StartsWith('{'))
        {
            return;
        }

        try
        {
            using var document = OutsideJson.Parse(line, default);
            var entry = document.RootElement;
            var type = Text(entry, "type");
            var level = entry.TryGetProperty("level", out var number)
                && number.ValueKind == JsonValueKind.Number
                && number.TryGetInt32(out var value)
                ? value
                : 0;
            var text = type switch
            {
                "progress" => $"{Text(entry, "name")} {Text(entry, "status")}".Trim(),
                "raw" when entry.TryGetProperty("channel", out _) => Text(entry, "text"),
                "raw" or "text" when level >= 4 => Text(entry, "text"),
                _ => null,
            };
            if (type == "progress" && Text(entry, "status") == "running" && Running().Match(text!) is { Success: true } running)
            {
                begins(running.Groups["command"].Value);
            }

            foreach (var part in (text ?? "").Split(['\n', '\r'], StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)
                // The tools look for news about themselves, and do without.
                .Where(part => !part.Contains("control manifest", StringComparison.Ordinal)))
            {
                log(part);
            }
        }
        catch (OutsideJsonException)
        {
            // Not of the log's shape: nothing of it is known to be harmless.
        }
    }

    private static UpResult Read(ToolResult result)
    {
        var last = result.Output.Split('\n').LastOrDefault(line => line.StartsWith('{')) ?? "{}";
        try
        {
            using var document = OutsideJson.Parse(last, default);
            var answer = document.RootElement;
            var container = Text(answer, "containerId");
            return Text(answer, "outcome") == "success" && container is not null
                ? new UpResult(container, Text(answer, "remoteUser"), null)
                : new UpResult(container, null, Failure(answer, result.ExitCode));
        }
        catch (OutsideJsonException)
        {
            return new UpResult(null, null, $"the dev container tools ended with {result.ExitCode} and no result");
        }
    }

    private static string Failure(JsonElement answer, int exitCode)
    {
        var parts = new[] { Text(answer, "description"), Text(answer, "message") }
            .Where(part => !string.IsNullOrEmpty(part))
            .Distinct()
            .ToList();
        return parts.Count == 0 ? $"the dev container tools ended with {exitCode}" : string.Join(" ", parts);
    }

    private static string? Text(JsonElement element, string name) =>
        element.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;

    [GeneratedRegex(@"^Running (?<command>\w+Command)\.\.\.", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Running();
}
