using System.Net.WebSockets;
using System.Text.Json;
using Berth.Client.Wire;

namespace Berth.Client;

/// <summary>Connections into a codespace: processes with input, ports, files.</summary>
public sealed partial class BerthClient
{
    /// <summary>Opens a process with input in a codespace. The caller disposes it, which ends the process.</summary>
    public Task<RemoteProcess> StartProcessAsync(string name, ProcessStart start, CancellationToken cancellationToken) =>
        BeginAsync(One(name) + "/exec", start, cancellationToken);

    /// <summary>What an SSH client needs to know about a codespace, which need not run.</summary>
    public Task<CodespaceSsh> SshAsync(string name, CancellationToken cancellationToken) =>
        GetAsync<CodespaceSsh>(One(name) + "/ssh", cancellationToken);

    /// <summary>Connects to the SSH server of a codespace. Its input and output are the connection. The caller disposes it.</summary>
    public Task<RemoteProcess> ConnectSshAsync(string name, SshStart start, CancellationToken cancellationToken) =>
        BeginAsync(One(name) + "/ssh/connect", start, cancellationToken);

    /// <summary>
    /// Opens a TCP connection to a port of a codespace. Binary messages are its bytes, and an empty one ends a direction.
    /// </summary>
    public Task<WebSocket> ForwardAsync(string name, int port, CancellationToken cancellationToken) =>
        ConnectAsync($"{One(name)}/forward?port={port}", cancellationToken);

    /// <summary>A link that opens a forwarded port in a browser. It works once, for a short time.</summary>
    public Task<CodespacePort> PortLinkAsync(string name, int port, CancellationToken cancellationToken) =>
        SendAsync<CodespaceChange, CodespacePort>(
            HttpMethod.Post, $"{One(name)}/ports/{port}/link", new CodespaceChange(), cancellationToken);

    public Task<Codespace> ChangeCodespaceAsync(string name, CodespaceChange change, CancellationToken cancellationToken) =>
        SendAsync<CodespaceChange, Codespace>(HttpMethod.Patch, One(name), change, cancellationToken);

    /// <summary>A file or folder of a codespace as a tar archive. The caller disposes the answer.</summary>
    public Task<HttpResponseMessage> ReadFilesAsync(string name, string path, CancellationToken cancellationToken) =>
        RequestAsync(HttpMethod.Get, $"{One(name)}/files?path={Escape(path)}", null, cancellationToken);

    /// <summary>Unpacks a tar archive with one file or folder into a codespace.</summary>
    /// <param name="fileName">The name of the copy, if <paramref name="path"/> is a folder.</param>
    public async Task<CopiedFiles> WriteFilesAsync(
        string name, string path, string fileName, HttpContent archive, CancellationToken cancellationToken)
    {
        using var response = await RequestAsync(
            HttpMethod.Put, $"{One(name)}/files?path={Escape(path)}&name={Escape(fileName)}", archive, cancellationToken)
                .ConfigureAwait(false);
        return await ReadAsync<CopiedFiles>(response, cancellationToken).ConfigureAwait(false);
    }

    private async Task<RemoteProcess> BeginAsync<T>(string path, T start, CancellationToken cancellationToken)
    {
        var socket = await ConnectAsync(path, cancellationToken).ConfigureAwait(false);
        await socket.SendAsync(
            JsonSerializer.SerializeToUtf8Bytes(start, BerthJson.Wire.Of<T>()), WebSocketMessageType.Text, endOfMessage: true,
            cancellationToken)
                .ConfigureAwait(false);
        return new RemoteProcess(socket);
    }

    private async Task<WebSocket> ConnectAsync(string path, CancellationToken cancellationToken)
    {
        var address = new UriBuilder(new Uri(_api, path));
        address.Scheme = address.Scheme == "https" ? "wss" : "ws";
        var socket = new ClientWebSocket();
        socket.Options.HttpVersion = System.Net.HttpVersion.Version11;
        socket.Options.KeepAliveInterval = TimeSpan.FromSeconds(20);
        socket.Options.SetRequestHeader("Authorization", _http.DefaultRequestHeaders.Authorization!.ToString());
        socket.Options.CollectHttpResponseDetails = true;
        if (_api.IsLoopback)
        {
            socket.Options.Proxy = null;
        }

        try
        {
            await socket.ConnectAsync(address.Uri, cancellationToken).ConfigureAwait(false);
            return socket;
        }
        catch (WebSocketException exception)
        {
            var status = socket.HttpStatusCode;
            socket.Dispose();
            if (status == default)
            {
                throw new BerthException(
                    null,
                    $"the server at {_api.GetLeftPart(UriPartial.Authority)} cannot be "
                        + $"reached: {exception.InnerException?.Message ?? exception.Message}",
                    null);
            }

            // The body has the reason, but a WebSocket's handshake does not return it. A plain request is refused with the same words.
            using var response = await RequestAsync(HttpMethod.Get, path, null, cancellationToken).ConfigureAwait(false);
            throw new BerthException(status, $"the server answered {(int)status} instead of a WebSocket", null);
        }
    }
}

/// <summary>A process in a codespace, over its WebSocket. docs/codespaces.md describes the messages.</summary>
public sealed class RemoteProcess(WebSocket socket) : IDisposable
{
    private const byte Input = 0;
    private const byte Exit = 3;
    private const byte Resize = 4;
    private readonly SemaphoreSlim _sending = new(1);

    /// <summary>An empty piece ends the process's input.</summary>
    public Task WriteAsync(ReadOnlyMemory<byte> input, CancellationToken cancellationToken) => SendAsync(Input, input, cancellationToken);

    public Task ResizeAsync(int rows, int columns, CancellationToken cancellationToken) => SendAsync(
        Resize, JsonSerializer.SerializeToUtf8Bytes(new TerminalSize(rows, columns), BerthJson.Wire.Of<TerminalSize>()), cancellationToken);

    /// <summary>Reads until the process ends.</summary>
    /// <param name="write">Gets the stream's number (1: output, 2: errors) and a piece of it, valid until it returns.</param>
    /// <returns>Returns the exit code.</returns>
    /// <exception cref="BerthException">The process could not be started, or the connection ended before the process did.</exception>
    public async Task<int> ReadAsync(Func<byte, ReadOnlyMemory<byte>, Task> write, CancellationToken cancellationToken)
    {
        var buffer = new byte[64 * 1024];
        using var end = new MemoryStream();
        var (channel, first) = ((byte)0, true);
        while (true)
        {
            ValueWebSocketReceiveResult result;
            try
            {
                result = await socket.ReceiveAsync(buffer.AsMemory(), cancellationToken).ConfigureAwait(false);
            }
            catch (WebSocketException exception)
            {
                throw new BerthException(null, $"the connection ended before the process did: {exception.Message}", null);
            }

            if (result.MessageType == WebSocketMessageType.Close)
            {
                throw new BerthException(null, "the connection ended before the process did", null);
            }

            var piece = buffer.AsMemory(0, result.Count);
            if (first && piece.Length > 0)
            {
                channel = piece.Span[0];
                piece = piece[1..];
            }

            first = result.EndOfMessage;
            if (channel == Exit)
            {
                end.Write(piece.Span);
                if (result.EndOfMessage)
                {
                    return ExitCode(end.ToArray());
                }
            }
            else if (piece.Length > 0)
            {
                await write(channel, piece).ConfigureAwait(false);
            }
        }
    }

    public void Dispose()
    {
        socket.Dispose();
        _sending.Dispose();
    }

    internal static int ExitCode(byte[] text)
    {
        using var end = JsonDocument.Parse(text);
        return end.RootElement.TryGetProperty("exit_code", out var code)
            ? code.GetInt32()
            : throw new BerthException(
                null,
                end.RootElement.TryGetProperty("error", out var error) ? error.GetString() ?? "" : "the process ended without an exit code",
                null);
    }

    private async Task SendAsync(byte channel, ReadOnlyMemory<byte> payload, CancellationToken cancellationToken)
    {
        var message = new byte[payload.Length + 1];
        message[0] = channel;
        payload.CopyTo(message.AsMemory(1));
        await _sending.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            // A message with only the channel's byte ends the input.
            await socket.SendAsync(message.AsMemory(), WebSocketMessageType.Binary, endOfMessage: true, cancellationToken)
                .ConfigureAwait(false);
        }
        finally
        {
            _sending.Release();
        }
    }
}
