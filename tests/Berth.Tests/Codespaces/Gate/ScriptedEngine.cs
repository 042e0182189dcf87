using System.Collections.Concurrent;
using System.Globalization;
using System.Net.Sockets;
using System.Text;

namespace Berth.Tests.Codespaces.Gate;

/// <summary>What reached the engine: a request line's method and target, and the body.</summary>
internal sealed record EngineCall(string Method, string Target, string Body);

/// <summary>
/// A container engine that answers from a script and remembers every request. It knows one container of the codespace (<see cref="Own"/>),
/// one of somebody else, one that says that it is the codespace's, and upgrades attach and exec to an echo.
/// </summary>
internal sealed class ScriptedEngine : IAsyncDisposable
{
    public const string Own = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";
    public const string Foreign = "fedcba9876543210fedcba9876543210fedcba9876543210fedcba9876543210";
    public const string Forged = "f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0";
    public const string ExecId = "eeee0000eeee0000eeee0000eeee0000eeee0000eeee0000eeee0000eeee0000";
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("berth-engine-");
    private readonly Socket _listener = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
    private readonly ConcurrentQueue<EngineCall> _calls = new();
    private readonly CancellationTokenSource _stopping = new();

    public ScriptedEngine()
    {
        SocketPath = Path.Combine(_folder.FullName, "docker.sock");
        _listener.Bind(new UnixDomainSocketEndPoint(SocketPath));
        _listener.Listen(64);
        _ = AcceptAsync();
    }

    public string SocketPath { get; }

    /// <summary>Answers upgrades with a refusal and goes on reading requests, as the engine does for a process that has ended.</summary>
    public bool RefusesUpgrades { get; set; }

    /// <summary>Everything but the gate's own look at a container before it lets a call through.</summary>
    public IReadOnlyList<EngineCall> Calls => [.. _calls];

    /// <summary>Takes no new connections and goes on answering on those that there are, as an engine does that ends.</summary>
    public void StopListening() => _listener.Dispose();

    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync();
        _listener.Dispose();
        _folder.Delete(recursive: true);
        _stopping.Dispose();
    }

    private static (int Status, string Body) Answer(EngineCall call)
    {
        var path = call.Target.Split('?')[0];
        if (path.EndsWith($"/containers/{Own}/json", StringComparison.Ordinal)
            || path.EndsWith("/containers/0123456789ab/json", StringComparison.Ordinal))
        {
            return (200, $$$"""{"Id":"{{{Own}}}","Config":{"Labels":{"berth.codespace":"ada-app","berth.host":"here"} } }""");
        }

        if (path.EndsWith($"/containers/{Foreign}/json", StringComparison.Ordinal))
        {
            return (200, $$$"""{"Id":"{{{Foreign}}}","Config":{"Labels":{"berth.codespace":"bob-app","berth.host":"here"} } }""");
        }

        if (path.EndsWith($"/containers/{Forged}/json", StringComparison.Ordinal))
        {
            return (
                200,
                $$$"""{"Id":"{{{Forged}}}","Config":{"Labels":{"berth.codespace":"ada-app","berth.host":"here","berth.role":"dev"} } }""");
        }

        return path switch
        {
            _ when path.EndsWith("/exec", StringComparison.Ordinal) => (201, $$"""{"Id":"{{ExecId}}"}"""),
            _ when path.EndsWith("/containers/create", StringComparison.Ordinal) => (201, $$"""{"Id":"{{Own}}","Warnings":[]}"""),
            _ when path.Contains("/containers/", StringComparison.Ordinal) && path.EndsWith("/json", StringComparison.Ordinal)
                && !path.EndsWith("/containers/json", StringComparison.Ordinal) => (404, """{"message":"No such container"}"""),
            _ => (200, "{}"),
        };
    }

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
            {
                _ = ServeAsync(await _listener.AcceptAsync(_stopping.Token));
            }
        }
        catch (Exception exception) when (exception is OperationCanceledException or SocketException or ObjectDisposedException)
        {
        }
    }

    private async Task ServeAsync(Socket socket)
    {
        await using var stream = new NetworkStream(socket, ownsSocket: true);
        try
        {
            while (await ReadAsync(stream) is { } request)
            {
                _calls.Enqueue(request.Call);
                if (request.Upgrade && RefusesUpgrades)
                {
                    await stream.WriteAsync(
                        "HTTP/1.1 409 Conflict\r\nContent-Type: application/json\r\nContent-Length: 22\r\n\r\n{\"message\":\"has ended\"}"u8
                            .ToArray());
                    continue;
                }

                if (request.Upgrade)
                {
                    await stream.WriteAsync(Encoding.ASCII.GetBytes(
                        "HTTP/1.1 101 UPGRADED\r\nContent-Type: application/vnd.docker.raw-stream\r\n"
                        + "Connection: Upgrade\r\nUpgrade: tcp\r\n\r\n"));
                    await stream.CopyToAsync(stream);
                    return;
                }

                var (status, body) = Answer(request.Call);
                var head = $"HTTP/1.1 {status} Whatever\r\nContent-Type: "
                    + $"application/json\r\nContent-Length: {Encoding.UTF8.GetByteCount(body)}\r\n\r\n";
                await stream.WriteAsync(Encoding.UTF8.GetBytes(head + (request.Call.Method == "HEAD" ? "" : body)));
            }
        }
        catch (Exception exception) when (exception is IOException or ObjectDisposedException)
        {
        }
    }

    private static async Task<(EngineCall Call, bool Upgrade)?> ReadAsync(NetworkStream stream)
    {
        var head = new StringBuilder();
        var one = new byte[1];
        while (!head.ToString().EndsWith("\r\n\r\n", StringComparison.Ordinal))
        {
            if (await stream.ReadAsync(one) == 0)
            {
                return null;
            }

            head.Append((char)one[0]);
        }

        var lines = head.ToString().Split("\r\n");
        var length = lines.Where(line => line.StartsWith("Content-Length:", StringComparison.OrdinalIgnoreCase))
            .Select(line => int.Parse(line["Content-Length:".Length..], CultureInfo.InvariantCulture)).SingleOrDefault();
        var body = new byte[length];
        await stream.ReadExactlyAsync(body);
        var parts = lines[0].Split(' ');
        return (
            new EngineCall(parts[0], parts[1], Encoding.UTF8.GetString(body)),
            lines.Any(line => line.StartsWith("Upgrade:", StringComparison.OrdinalIgnoreCase)));
    }
}
