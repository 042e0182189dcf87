using System.Net.Sockets;
using System.Text.Json;
using System.Text.Json.Nodes;
using Berth.Server.Codespaces;
using Berth.Server.Codespaces.Gate;
using Berth.Server.Codespaces.Sandbox;

namespace Berth.Tests.Codespaces.Scripted;

/// <summary>
/// git and the dev container tools of a test. git "clones" the test's files; the tools come to the gate, wait there as the real ones do,
/// and then make or start the container on the scripted engine.
/// </summary>
internal sealed class ScriptedSandbox(ScriptedContainers engine) : ISandbox
{
    /// <summary>What the next clone finds.</summary>
    public Dictionary<string, string> Files { get; } = new(StringComparer.Ordinal);

    /// <summary>What git says on its error output before it fails; null: it does not.</summary>
    public string? GitFails { get; set; }

    /// <summary>What <c>devcontainer up</c> answers instead of a container.</summary>
    public string? UpFails { get; set; }

    /// <summary>Done by the tools once the container runs, with a way to say what they say.</summary>
    public Func<string, Action<string>, CancellationToken, Task> Commands { get; set; } = (_, _, _) => Task.CompletedTask;

    /// <summary>Why no sandbox can be made; null: one can.</summary>
    public string? Missing { get; set; }

    /// <summary>Asked before a clone and, with everything there that they read, before the tools act: it may throw, or wait.</summary>
    public Func<string, CancellationToken, Task> Before { get; set; } = (_, _) => Task.CompletedTask;

    public Task<string?> UnavailableAsync(CancellationToken cancellationToken) => Task.FromResult(Missing);

    public async Task<ToolResult> RunAsync(
        SandboxView view, string file, IEnumerable<string> arguments, IReadOnlyDictionary<string, string> environment, string folder,
        Action<string> errorLine,
        TimeSpan timeout, CancellationToken cancellationToken)
    {
        var words = arguments.ToList();
        if (Path.GetFileName(file) != "git")
        {
            return await UpAsync(words, environment["DOCKER_HOST"], errorLine, cancellationToken);
        }

        await Before("clone", cancellationToken);
        return Clone(words[^1], errorLine);
    }

    private ToolResult Clone(string target, Action<string> errorLine)
    {
        if (GitFails is { } words)
        {
            errorLine(words);
            return new ToolResult(128, "");
        }

        foreach (var (path, content) in Files)
        {
            var file = Path.Combine(target, path);
            Directory.CreateDirectory(Path.GetDirectoryName(file)!);
            File.WriteAllText(file, content);
        }

        return new ToolResult(0, "");
    }

    private async Task<ToolResult> UpAsync(
        List<string> arguments, string gate, Action<string> errorLine, CancellationToken cancellationToken)
    {
        await WaitAtGateAsync(gate["unix://".Length..], cancellationToken);
        await Before("up", cancellationToken);
        if (UpFails is { } early)
        {
            return Failed(early);
        }

        using var configuration = JsonDocument.Parse(await File.ReadAllTextAsync(After(arguments, "--override-config"), cancellationToken));
        var user = configuration.RootElement.TryGetProperty("remoteUser", out var name) ? name.GetString() : "root";
        var codespace = After(arguments, "--id-label").Split('=', 2)[1];
        var (labels, own) = await Gate(codespace);
        var id = engine.Containers.FirstOrDefault(container => own.Contains(container.Id))?.Id
            ?? engine.MakeNamed(GateScope.ContainerNameOf(codespace), running: false, labels);
        await engine.StartAsync(id, cancellationToken);
        await Commands(id, errorLine, cancellationToken);
        return UpFails is { } late
            ? Failed(late)
            : new ToolResult(0, new JsonObject { ["outcome"] = "success", ["containerId"] = id, ["remoteUser"] = user }.ToJsonString());
    }

    /// <summary>What the gate forces onto a codespace's container, and which containers it shows to the tools.</summary>
    public Func<string, Task<(IReadOnlyDictionary<string, string> Labels, IReadOnlyList<string> Own)>> Gate { get; set; } =
        _ => throw new InvalidOperationException("nobody has said what the gate does");

    /// <summary>This server's name on the engine.</summary>
    public string Host { get; set; } = "";

    /// <summary>What the tools say when a lifecycle command begins.</summary>
    public static string Begins(string command) =>
        new JsonObject { ["type"] = "progress", ["name"] = $"Running {command}...", ["status"] = "running" }.ToJsonString();

    private static ToolResult Failed(string words) => new(1, new JsonObject { ["outcome"] = "error", ["message"] = words }.ToJsonString());

    private static string After(List<string> arguments, string option) => arguments[arguments.IndexOf(option) + 1];

    /// <summary>
    /// The gate answers the first question when everything that the tools read is there; what it answers does not matter here.
    /// </summary>
    private static async Task WaitAtGateAsync(string socket, CancellationToken cancellationToken)
    {
        using var client = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        await client.ConnectAsync(new UnixDomainSocketEndPoint(socket), cancellationToken);
        await client.SendAsync("GET /v1.41/version HTTP/1.1\r\nHost: docker\r\n\r\n"u8.ToArray(), cancellationToken);
        await client.ReceiveAsync(new byte[4096], cancellationToken);
    }
}
