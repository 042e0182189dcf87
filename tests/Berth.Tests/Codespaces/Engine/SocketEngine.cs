using System.Collections.Concurrent;
using System.Net.Sockets;

namespace Berth.Tests.Codespaces.Engine;

/// <summary>An engine at a socket that answers every request in the same way.</summary>
internal sealed class SocketEngine : IAsyncDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("berth-engine-");
    private readonly Socket _listener = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
    private readonly string _answer;

    public SocketEngine(string answer = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}")
    {
        _answer = answer;
        SocketPath = Path.Combine(_folder.FullName, "docker.sock");
        _listener.Bind(new UnixDomainSocketEndPoint(SocketPath));
        _listener.Listen(64);
        _ = AcceptAsync();
    }

    public string SocketPath { get; }

    /// <summary>The requests so far, one after the other.</summary>
    public ConcurrentQueue<string> Requests { get; } = new();

    /// <summary>Other answers for some requests. Null: the usual answer.</summary>
    public Func<string, string?> Answers { get; init; } = _ => null;

    /// <summary>Takes no new connections, but goes on answering on open ones, as an engine does while it ends.</summary>
    public void StopListening() => _listener.Dispose();

    public ValueTask DisposeAsync()
    {
        _listener.Dispose();
        _folder.Delete(recursive: true);
        return ValueTask.CompletedTask;
    }

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
            {
                _ = ServeAsync(await _listener.AcceptAsync());
            }
        }
        catch (Exception exception) when (exception is SocketException or ObjectDisposedException)
        {
        }
    }

    private async Task ServeAsync(Socket socket)
    {
        await using var stream = new NetworkStream(socket, ownsSocket: true);
        var buffer = new byte[64 * 1024];
        try
        {
            while (await stream.ReadAsync(buffer) is > 0 and var read)
            {
                var request = System.Text.Encoding.ASCII.GetString(buffer, 0, read);
                Requests.Enqueue(request);
                await stream.WriteAsync(System.Text.Encoding.ASCII.GetBytes(Answers(request) ?? _answer));
            }
        }
        catch (IOException)
        {
        }
    }
}
