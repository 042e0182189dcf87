using System.Net.Sockets;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using Berth.Server.Codespaces.Engine;
using Berth.Server.Codespaces.Sandbox;

namespace Berth.Server.Codespaces.Gate;

/// <summary>
/// A unix socket that looks like the container engine to the dev container tools of one codespace and forwards only what
/// <see cref="GateRules"/> lets through. This, not a cleaned-up configuration, is the boundary: an image label can ask for
/// privileges too.
/// </summary>
/// <remarks>
/// It speaks HTTP by itself because the engine's raw streams begin with a request that has a body and asks for an upgrade, which Kestrel
/// does not upgrade. One request a connection: nothing can be smuggled behind the first.
/// </remarks>
internal sealed class EngineGate : IAsyncDisposable
{
    private const int MaxConnections = 64;
    private static readonly TimeSpan RequestTimeout = TimeSpan.FromSeconds(30);
    private static readonly JsonSerializerOptions Relaxed = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private readonly EngineSocket _engine;
    private readonly TaskCompletionSource<GateRules> _rules = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Action<string, string> _refused;
    private readonly DirectoryInfo _folder;
    private readonly Socket _listener;
    private readonly CancellationTokenSource _stopping = new();
    private readonly SemaphoreSlim _connections = new(MaxConnections);
    private readonly Task _accepting;

    /// <summary>A gate that is open from the beginning.</summary>
    /// <param name="scope">What the codespace may touch.</param>
    public EngineGate(EngineSocket engine, GateScope scope, Action<string, string> refused)
        : this(engine, scope.Host, scope.User, refused) => Open(scope);

    /// <summary>
    /// A gate that lets every call but a ping wait until it is opened: the tools come to it while it is being found out what they may
    /// touch.
    /// </summary>
    /// <param name="user">Who connects to the socket: the user of the codespace's sandbox. Null: the server itself.</param>
    /// <param name="refused">Told every refusal: the call (empty when it was not understood) and the reason, in words for the creation
    /// log.</param>
    public EngineGate(EngineSocket engine, string host, int? user, Action<string, string> refused)
    {
        _engine = engine;
        _refused = refused;

        // The temporary folder, because a socket's path has at most 107 bytes and the data folder's may be long. Made with 0700.
        _folder = Directory.CreateTempSubdirectory(FolderPrefix(host));
        SocketPath = Path.Combine(_folder.FullName, "engine.sock");
        _listener = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        _listener.Bind(new UnixDomainSocketEndPoint(SocketPath));
        File.SetUnixFileMode(SocketPath, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        if (user is { } owner)
        {
            // The folder stays the server's: a sandbox is shown the socket alone.
            Ownership.GiveOne(SocketPath, owner);
        }

        _listener.Listen(16);
        _accepting = AcceptAsync();
    }

    public string SocketPath { get; }

    /// <summary>Whether the tools have come to the engine with more than a ping.</summary>
    public bool WasAsked { get; private set; }

    /// <summary>Lets the calls that wait, and all that come, be judged. Once.</summary>
    public void Open(GateScope scope) =>
        _rules.SetResult(
            new GateRules(scope, (id, cancellationToken) => OwnContainerAsync(scope, id, cancellationToken), ImageFolderAsync));

    /// <summary>Removes the folders of gates that were never closed: the server was killed.</summary>
    public static void CleanUp(string host)
    {
        foreach (var folder in Directory.EnumerateDirectories(Path.GetTempPath(), FolderPrefix(host) + "*"))
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync();
        _listener.Dispose();
        await _accepting;

        // Connections notice the cancellation; every one gives its place back.
        for (var i = 0; i < MaxConnections; i++)
        {
            await _connections.WaitAsync(CancellationToken.None);
        }

        _folder.Delete(recursive: true);
        _connections.Dispose();
        _stopping.Dispose();
    }

    private static string FolderPrefix(string host) => $"berth-gate-{host[..Math.Min(host.Length, 8)]}-";

    private async Task AcceptAsync()
    {
        while (!_stopping.IsCancellationRequested)
        {
            try
            {
                await _connections.WaitAsync(_stopping.Token);
            }
            catch (OperationCanceledException)
            {
                return;
            }

            try
            {
                _ = ServeAsync(await _listener.AcceptAsync(_stopping.Token));
            }
            catch (Exception exception) when (exception is OperationCanceledException or SocketException or ObjectDisposedException)
            {
                _connections.Release();
            }
        }
    }

    private async Task ServeAsync(Socket socket)
    {
        // Whoever called Accept goes on at once.
        await Task.CompletedTask.ConfigureAwait(ConfigureAwaitOptions.ForceYielding);
        try
        {
            await using var client = new NetworkStream(socket, ownsSocket: true);
            await ServeAsync(client, socket);
        }
        catch (Exception exception) when (exception is IOException or SocketException or HttpRequestException or OperationCanceledException)
        {
            // The client or the engine hung up, or the gate closes: nobody is left to answer.
        }
        finally
        {
            _connections.Release();
        }
    }

    private async Task ServeAsync(NetworkStream client, Socket socket)
    {
        var line = "";
        try
        {
            using var reading = CancellationTokenSource.CreateLinkedTokenSource(_stopping.Token);
            reading.CancelAfter(RequestTimeout);
            if (await GateRequest.ReadAsync(client, reading.Token) is not { } request)
            {
                return;
            }

            line = $"{request.Method} {request.Path}";
            if (GateRules.Ping(request) is { } ping)
            {
                // docker's client does not wait long for this one (cli/command/cli.go, defaultInitTimeout).
                await ForwardAsync(client, ping);
                return;
            }

            WasAsked = true;
            var rules = await _rules.Task.WaitAsync(_stopping.Token);
            var call = await rules.DecideAsync(request, _stopping.Token);
            await (call.Hijack ? HijackAsync(client, socket, request, call) : ForwardAsync(client, call));
        }
        catch (GateRefusedException refusal)
        {
            await RefuseAsync(client, line, refusal);
        }
        catch (Exception exception) when (exception is SocketException or HttpRequestException)
        {
            await AnswerAsync(client, 502, "the container engine does not answer");
        }
    }

    private async Task RefuseAsync(Stream client, string line, GateRefusedException refusal)
    {
        // A container that is not there is an answer, not an attempt at anything.
        if (refusal.Status != 404)
        {
            _refused(line, refusal.Message);
        }

        await AnswerAsync(client, refusal.Status, refusal.Message);
    }

    /// <summary>The engine's own error shape, which its clients print.</summary>
    private async Task AnswerAsync(Stream client, int status, string message)
    {
        var body = JsonSerializer.SerializeToUtf8Bytes(new JsonObject { ["message"] = "Berth: " + message }, Relaxed);
        await WriteHeadAsync(client, status, "application/json", body.Length);
        await client.WriteAsync(body, _stopping.Token);
    }

    private async Task ForwardAsync(NetworkStream client, GateCall call)
    {
        using var gone = CancellationTokenSource.CreateLinkedTokenSource(_stopping.Token);
        using var request = new HttpRequestMessage(new HttpMethod(call.Method), new Uri(call.Target, UriKind.Relative));
        if (call.Body is not null)
        {
            request.Content = new ByteArrayContent(call.Body);
            request.Content.Headers.ContentType = new("application/json");
        }

        // A stream of events ends when its reader leaves.
        var watching = CancelWhenGoneAsync(client, gone);
        try
        {
            using var response = await _engine.Http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, gone.Token);
            if ((call.Remembers || call.Makes) && response.IsSuccessStatusCode)
            {
                await RememberAsync(client, call, response, gone.Token);
                return;
            }

            if (call.Starts is { } started && response.IsSuccessStatusCode)
            {
                (await _rules.Task).Started(started);
            }

            await WriteHeadAsync(
                client, (int)response.StatusCode, response.Content.Headers.ContentType?.ToString(), response.Content.Headers.ContentLength);
            if (call.Method != "HEAD")
            {
                await response.Content.CopyToAsync(client, gone.Token);
            }
        }
        finally
        {
            await gone.CancelAsync();
            await watching;
        }
    }

    private async Task RememberAsync(Stream client, GateCall call, HttpResponseMessage response, CancellationToken cancellationToken)
    {
        var body = await response.Content.ReadAsByteArrayAsync(cancellationToken);
        using var document = JsonDocument.Parse(body);
        var (rules, id) = (await _rules.Task, document.RootElement.GetProperty("Id").GetString()!);
        if (call.Makes)
        {
            await rules.MadeAsync(id, cancellationToken);
        }
        else
        {
            rules.Remember(id);
        }

        await WriteHeadAsync(client, (int)response.StatusCode, "application/json", body.Length);
        await client.WriteAsync(body, cancellationToken);
    }

    private async Task HijackAsync(NetworkStream client, Socket clientSocket, GateRequest request, GateCall call)
    {
        await using var engine = await _engine.OpenAsync(_stopping.Token);
        var body = call.Body ?? [];
        var head =
            $"{call.Method} /{EngineSocket.ApiVersion}/{call.Target} HTTP/1.1\r\nHost: docker\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n"
                + $"Content-Type: application/json\r\nContent-Length: {body.Length}\r\n\r\n";
        await engine.WriteAsync(Encoding.ASCII.GetBytes(head), _stopping.Token);
        await engine.WriteAsync(body, _stopping.Token);

        // Nothing of the client goes on before the engine has given up HTTP on this connection: after a refusal it would read the bytes as
        // a request.
        if (await UpgradedAsync(client, engine) is not { } early)
        {
            return;
        }

        await client.WriteAsync(
            "HTTP/1.1 101 UPGRADED\r\nContent-Type: application/vnd.docker.raw-stream\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\n"u8
                .ToArray(),
            _stopping.Token);
        await client.WriteAsync(early, _stopping.Token);
        await engine.WriteAsync(request.Surplus, _stopping.Token);
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(_stopping.Token);
        var up = PumpAsync(client, engine, engine.Socket, ended.Token);
        try
        {
            await PumpAsync(engine, client, clientSocket, ended.Token);
        }
        finally
        {
            // When the process has ended there is nobody left for its stdin.
            await ended.CancelAsync();
            await up;
        }
    }

    /// <summary>Reads the engine's answer to an upgrade. A refusal is passed on to the client.</summary>
    /// <returns>What came of the raw stream with the answer; null when the engine did not upgrade.</returns>
    private async Task<byte[]?> UpgradedAsync(NetworkStream client, NetworkStream engine)
    {
        var answer = await UpgradeAnswer.ReadAsync(engine, _stopping.Token);
        if (answer.Status == StatusCodes.Status101SwitchingProtocols)
        {
            return answer.Reader.Rest();
        }

        var body = await answer.BodyAsync(_stopping.Token);
        await WriteHeadAsync(client, answer.Status, "application/json", body.Length);
        await client.WriteAsync(body, _stopping.Token);
        return null;
    }

    /// <summary>Copies until the source ends, then ends the target's side: a closed stdin reaches the process.</summary>
    private static async Task PumpAsync(Stream source, Stream target, Socket targetSocket, CancellationToken cancellationToken)
    {
        try
        {
            await source.CopyToAsync(target, cancellationToken);
            targetSocket.Shutdown(SocketShutdown.Send);
        }
        catch (Exception exception)
            when (exception is IOException or SocketException or ObjectDisposedException or OperationCanceledException)
        {
            // The other direction notices as well and ends.
        }
    }

    private static async Task CancelWhenGoneAsync(NetworkStream client, CancellationTokenSource gone)
    {
        try
        {
            // Nothing more may come on this connection: data is ignored, its end means that the reader left.
            var ignored = new byte[256];
            while (await client.ReadAsync(ignored, gone.Token) > 0)
            {
            }

            await gone.CancelAsync();
        }
        catch (Exception exception) when (exception is IOException or OperationCanceledException)
        {
            await gone.CancelAsync();
        }
    }

    private async Task WriteHeadAsync(Stream client, int status, string? type, long? length)
    {
        var head = new StringBuilder($"HTTP/1.1 {status} {Microsoft.AspNetCore.WebUtilities.ReasonPhrases.GetReasonPhrase(status)}\r\n")
            .Append("Api-Version: ").Append(EngineSocket.ApiVersion.AsSpan(1)).Append("\r\nOstype: linux\r\nConnection: close\r\n");
        if (type is not null)
        {
            head.Append("Content-Type: ").Append(type).Append("\r\n");
        }

        if (length is not null)
        {
            head.Append("Content-Length: ").Append(length).Append("\r\n");
        }

        await client.WriteAsync(Encoding.ASCII.GetBytes(head.Append("\r\n").ToString()), _stopping.Token);
    }

    /// <summary>The full id of a container of this codespace, by that or by its name; null for every other.</summary>
    private async Task<string?> OwnContainerAsync(GateScope scope, string id, CancellationToken cancellationToken)
    {
        using var response = await _engine.Http.GetAsync(
            new Uri($"containers/{Uri.EscapeDataString(id)}/json", UriKind.Relative), cancellationToken);
        if (!response.IsSuccessStatusCode)
        {
            return null;
        }

        using var document = JsonDocument.Parse(await response.Content.ReadAsByteArrayAsync(cancellationToken));
        return document.RootElement.GetProperty("Id").GetString() is { } full && scope.Containers.Contains(full) ? full : null;
    }

    private async Task<string?> ImageFolderAsync(string image, CancellationToken cancellationToken)
    {
        using var response = await _engine.Http.GetAsync(new Uri($"images/{image}/json", UriKind.Relative), cancellationToken);
        if (!response.IsSuccessStatusCode)
        {
            return null;
        }

        using var document = JsonDocument.Parse(await response.Content.ReadAsByteArrayAsync(cancellationToken));
        return document.RootElement.TryGetProperty("Config", out var config) && config.ValueKind == JsonValueKind.Object
            && config.TryGetProperty("WorkingDir", out var folder) ? folder.GetString() : null;
    }
}
