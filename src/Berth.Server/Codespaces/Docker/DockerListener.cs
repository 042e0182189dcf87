using System.Buffers;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using Berth.Server.Codespaces.Sandbox;
using Berth.Server.Faults;
using Microsoft.Win32.SafeHandles;

namespace Berth.Server.Codespaces.Docker;

/// <summary>
/// The socket of docker in a codespace's containers. The server itself listens, so that the socket exists before the engine does, and
/// passes every connection on to the codespace's own engine.
/// </summary>
internal sealed class DockerListener : IDisposable
{
    private const int Most = 512;
    private const int BufferSize = 64 * 1024;

    private static readonly TimeSpan Drain = TimeSpan.FromSeconds(5);

    private readonly SafeFileHandle _folder;
    private readonly Socket _socket;
    private readonly Func<CancellationToken, Task<Socket>> _connect;
    private readonly SemaphoreSlim _free = new(Most);
    private readonly CancellationTokenSource _closing = new();

    /// <param name="connect">Connects to the engine, and starts it if necessary.</param>
    public DockerListener(CodespaceFolders folders, Func<CancellationToken, Task<Socket>> connect)
    {
        _connect = connect;

        // The path of a socket has at most 108 characters, and a path in the data folder may be longer.
        _folder = KernelMounts.Look(Path.GetDirectoryName(folders.DockerSocket)!);
        var path = $"/proc/self/fd/{_folder.DangerousGetHandle()}/{Path.GetFileName(folders.DockerSocket)}";
        File.Delete(path);
        _socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        _socket.Bind(new UnixDomainSocketEndPoint(path));

        // Everybody who sees the socket may use it, and only containers of the codespace that ask for it do.
        File.SetUnixFileMode(path, (UnixFileMode)0b110_110_110);
        _socket.Listen(128);
        _ = AcceptAsync();
    }

    public void Dispose()
    {
        _closing.Cancel();
        _socket.Dispose();
        _folder.Dispose();
    }

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
            {
                await _free.WaitAsync(_closing.Token);
                _ = ServeAsync(await _socket.AcceptAsync(_closing.Token));
            }
        }
        catch (Exception exception) when (exception is OperationCanceledException or ObjectDisposedException or SocketException)
        {
            // The listener was closed.
        }
    }

    private async Task ServeAsync(Socket client)
    {
        try
        {
            using var engine = await _connect(_closing.Token);
            await Task.WhenAll(CopyAsync(client, engine), CopyAsync(engine, client));
        }
        catch (FaultException fault)
        {
            await RefuseAsync(client, fault.Message);
        }
        catch (Exception exception) when (exception is OperationCanceledException or ObjectDisposedException or SocketException)
        {
            // One side has left.
        }
        finally
        {
            client.Dispose();
            _free.Release();
        }
    }

    /// <summary>Each direction ends by itself: a program that has sent its input still reads the output.</summary>
    private async Task CopyAsync(Socket from, Socket to)
    {
        var buffer = ArrayPool<byte>.Shared.Rent(BufferSize);
        try
        {
            int read;
            while ((read = await from.ReceiveAsync(buffer, _closing.Token)) > 0)
            {
                for (var sent = 0; sent < read;)
                {
                    sent += await to.SendAsync(buffer.AsMemory(sent, read - sent), _closing.Token);
                }
            }

            to.Shutdown(SocketShutdown.Send);
        }
        catch
        {
            // The other direction must not wait any longer.
            from.Dispose();
            to.Dispose();
            throw;
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    /// <summary>Refuses a connection with an answer of the engine's API, so that docker shows the reason.</summary>
    private async Task RefuseAsync(Socket client, string reason)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(_closing.Token);
        limit.CancelAfter(Drain);
        var body = $$"""{"message":{{JsonSerializer.Serialize("docker inside: " + reason)}}}""";
        var answer = "HTTP/1.1 503 Service Unavailable\r\nContent-Type: application/json\r\nConnection: close\r\n"
            + $"Content-Length: {Encoding.UTF8.GetByteCount(body)}\r\n\r\n{body}";
        try
        {
            await client.SendAsync(Encoding.UTF8.GetBytes(answer), limit.Token);
            client.Shutdown(SocketShutdown.Send);

            // Read the rest first: a connection that is closed with unread data is reset, and the answer would be lost.
            var rest = new byte[1024];
            while (await client.ReceiveAsync(rest, limit.Token) > 0)
            {
            }
        }
        catch (Exception exception) when (exception is SocketException or ObjectDisposedException or OperationCanceledException)
        {
            // The client did not wait.
        }
    }
}
