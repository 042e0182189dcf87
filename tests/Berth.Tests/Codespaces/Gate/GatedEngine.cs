using System.Collections.Concurrent;
using System.Globalization;
using System.Net.Sockets;
using System.Text;
using Berth.Server.Codespaces;
using Berth.Server.Codespaces.Engine;
using Berth.Server.Codespaces.Gate;

namespace Berth.Tests.Codespaces.Gate;

/// <summary>What came back from the gate.</summary>
internal sealed record GateAnswer(int Status, string Body);

/// <summary>A scripted engine behind a gate, and a client that can send anything.</summary>
internal sealed class GatedEngine : IAsyncDisposable
{
    public const string Image = "localhost:5000/acme/app-dev@sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
    public const string Workspace = "/srv/berth/codespaces/ada-app/workspace/app";
    private readonly EngineGate _gate;

    public GatedEngine(bool open = true)
    {
        _gate = new EngineGate(
            new EngineSocket("unix://" + Engine.SocketPath), "here", user: null, (call, reason) => Refusals.Enqueue($"{call}: {reason}"));
        if (open)
        {
            Open();
        }
    }

    public ScriptedEngine Engine { get; } = new();

    public ConcurrentQueue<string> Refusals { get; } = new();

    public string SocketPath => _gate.SocketPath;

    public bool WasAsked => _gate.WasAsked;

    public void Open() => _gate.Open(new GateScope("ada-app", "here", Image, Workspace, "/workspaces/app")
    {
        Network = "berth-ada-app",
        Limits = new(2, 8L << 30, 4096),
        Containers = new GateContainers(
            BerthLabels.Over((BerthLabels.Codespace, "ada-app"), (BerthLabels.Host, "here"), (BerthLabels.Role, ContainerRole.Dev)),
            [ScriptedEngine.Own],
            (id, _) =>
            {
                Made.Enqueue(id);
                return Task.CompletedTask;
            }),
    });

    /// <summary>Ids of containers that were made through the gate, as they were written down.</summary>
    public ConcurrentQueue<string> Made { get; } = new();

    /// <summary>Changes reached the engine: anything but reading.</summary>
    public IEnumerable<EngineCall> Effects => Engine.Calls.Where(call => call.Method is not ("GET" or "HEAD"));

    public async ValueTask DisposeAsync()
    {
        await _gate.DisposeAsync();
        await Engine.DisposeAsync();
    }

    public Task<GateAnswer> SendAsync(string method, string target, string? body = null, string headers = "") =>
        SendAsync($"{method} {target} HTTP/1.1\r\nHost: docker\r\n{headers}"
            + (body is null
                ? "\r\n"
                : $"Content-Type: application/json\r\nContent-Length: {Encoding.UTF8.GetByteCount(body)}\r\n\r\n{body}"));

    /// <summary>Sends bytes as they are and reads until the gate closes the connection.</summary>
    public async Task<GateAnswer> SendAsync(string raw)
    {
        var cancellationToken = TestContext.Current.CancellationToken;
        await using var stream = await OpenAsync();
        await stream.WriteAsync(Encoding.Latin1.GetBytes(raw), cancellationToken);
        using var reader = new StreamReader(stream, Encoding.UTF8);
        var answer = await reader.ReadToEndAsync(cancellationToken);
        var end = answer.IndexOf("\r\n\r\n", StringComparison.Ordinal);
        return new GateAnswer(int.Parse(answer.Split(' ')[1], CultureInfo.InvariantCulture), answer[(end + 4)..]);
    }

    public async Task<NetworkStream> OpenAsync()
    {
        var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        await socket.ConnectAsync(new UnixDomainSocketEndPoint(SocketPath), TestContext.Current.CancellationToken);
        return new NetworkStream(socket, ownsSocket: true);
    }
}
