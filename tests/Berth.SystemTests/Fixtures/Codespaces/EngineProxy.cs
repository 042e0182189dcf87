using System.Collections.Concurrent;
using System.Net.Sockets;
using System.Text;
using Berth.SystemTests.Fixtures.Tools;

namespace Berth.SystemTests.Fixtures.Codespaces;

/// <summary>
/// A socket in front of the engine's, which passes everything on. Just before the first container is made, it waits for what the test does
/// at that moment of a start.
/// </summary>
internal sealed class EngineProxy : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly string _engine;
    private Func<Task>? _beforeCreation;
    private readonly ConcurrentDictionary<Socket, byte> _open = new();
    private Socket? _listener;

    /// <param name="beforeCreation">Called once, before the first container is made. Null: nothing is done.</param>
    public EngineProxy(string engine, Func<Task>? beforeCreation = null)
    {
        (_engine, _beforeCreation) = (engine, beforeCreation);
        Listen();
    }

    public string Setting => "BERTH_DOCKER_HOST=unix://" + Path;

    private string Path => _folder["proxy.sock"];

    public void Listen()
    {
        _listener = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        _listener.Bind(new UnixDomainSocketEndPoint(Path));
        _listener.Listen(64);
        _ = AcceptAsync(_listener);
    }

    /// <summary>From now on nobody answers here, not even on open connections, as when the engine was killed.</summary>
    public void Close()
    {
        _listener?.Dispose();
        File.Delete(Path);
        foreach (var socket in _open.Keys)
        {
            socket.Dispose();
        }
    }

    public void Dispose()
    {
        Close();
        _folder.Dispose();
    }

    private async Task AcceptAsync(Socket listener)
    {
        try
        {
            while (true)
            {
                _ = ServeAsync(await listener.AcceptAsync());
            }
        }
        catch (Exception exception) when (exception is SocketException or ObjectDisposedException)
        {
        }
    }

    private async Task ServeAsync(Socket client)
    {
        using var engine = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        using (client)
        {
            _open[client] = 0;
            try
            {
                await engine.ConnectAsync(new UnixDomainSocketEndPoint(_engine));
                await Task.WhenAll(HandOnAsync(client, engine, fromClient: true), HandOnAsync(engine, client, fromClient: false));
            }
            catch (Exception exception) when (exception is SocketException or ObjectDisposedException)
            {
                // One side has gone, and the other sees its connection end.
            }
            finally
            {
                _open.TryRemove(client, out _);
            }
        }
    }

    private async Task HandOnAsync(Socket from, Socket to, bool fromClient)
    {
        try
        {
            var buffer = new byte[64 * 1024];
            while (await from.ReceiveAsync(buffer) is var length and > 0)
            {
                // Clients write the head of a request at once, and a small request with its body.
                if (fromClient
                    && Encoding.Latin1.GetString(buffer, 0, length) is var text
                    && text.StartsWith("POST ", StringComparison.Ordinal)
                    && text.Split('\r')[0].Contains("/containers/create", StringComparison.Ordinal)
                    && Interlocked.Exchange(ref _beforeCreation, null) is { } act)
                {
                    await act();
                }

                for (var sent = 0; sent < length;)
                {
                    sent += await to.SendAsync(buffer.AsMemory(sent, length - sent));
                }
            }

            to.Shutdown(SocketShutdown.Send);
        }
        catch (SocketException)
        {
            // A reset on one side is passed on to the other.
            from.Dispose();
            to.Dispose();
            throw;
        }
    }
}
