using System.Net.WebSockets;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Berth.Server.Api;
using Berth.Server.Codespaces.Engine;
using Berth.Server.Http;

namespace Berth.Server.Codespaces.Connections;

/// <summary>
/// A process in a codespace with input, and a terminal where one is wanted, over a WebSocket. The client's first message is JSON
/// (<c>{"command":["bash"],"tty":true,"rows":24,"columns":80}</c>); after it every message is one byte and a payload:
/// <code>
/// client   0 input; without payload: its end     4 the terminal's new size, {"rows":24,"columns":80}
/// server   1 output     2 errors     3 the end, {"exit_code":0} or {"error":"…"}
/// </code>
/// A client that leaves ends the process.
/// </summary>
internal static partial class CodespaceTerminal
{
    private const byte Input = 0;
    private const byte Exit = 3;
    private const byte Resize = 4;
    private const int LongestStart = 256 * 1024;

    public static async Task<IResult> RunAsync(
        string name, HttpContext http, ApiCaller caller, CodespaceConnections connections, IContainerEngine engine, TimeProvider time,
        CancellationToken cancellationToken)
    {
        var running = await connections.RunningAsync(caller, name, cancellationToken);
        if (!http.WebSockets.IsWebSocketRequest)
        {
            return WebSocketNeeded();
        }

        using var socket = await http.WebSockets.AcceptWebSocketAsync();
        using var frames = new WebSocketFrames(socket);
        try
        {
            if (await frames.ReceiveTextAsync(LongestStart, cancellationToken) is not { } start || Read(start) is not { } wanted)
            {
                await frames.CloseAsync(
                    WebSocketCloseStatus.InvalidPayloadData, "the first message must be JSON with a command", cancellationToken);
                return Results.Empty;
            }

            await RunAsync(running, wanted.Process, wanted.Size, frames, connections, engine, time, cancellationToken);
            await frames.CloseAsync(WebSocketCloseStatus.NormalClosure, "", cancellationToken);
        }
        catch (Exception exception) when (exception is WebSocketException or OperationCanceledException or IOException)
        {
            // The client has left.
        }

        return Results.Empty;
    }

    /// <summary>What a plain request for a WebSocket gets (RFC 9110 section 15.5.22).</summary>
    public static ApiError WebSocketNeeded() =>
        new ApiError(426, "UPGRADE_REQUIRED", "this address speaks WebSocket; berth codespace does")
            .WithHeader("Upgrade", "websocket");

    private static async Task RunAsync(
        RunningCodespace running, WantedProcess wanted, (int Rows, int Columns)? size, WebSocketFrames frames,
        CodespaceConnections connections, IContainerEngine engine,
        TimeProvider time, CancellationToken cancellationToken)
    {
        IEngineProcess process;
        try
        {
            process = await engine.RunAsync(
                running.Container.Id, await connections.CommandAsync(running, wanted, cancellationToken), cancellationToken);
        }
        catch (EngineException exception)
        {
            await EndAsync(frames, new JsonObject { ["error"] = $"the process cannot be started: {exception.Message}" }, cancellationToken);
            return;
        }
        catch (ApiException exception)
        {
            await EndAsync(frames, new JsonObject { ["error"] = exception.Error.Message }, cancellationToken);
            return;
        }

        await using (process)
        {
            if (size is { } first)
            {
                await process.ResizeAsync(first.Rows, first.Columns, cancellationToken);
            }

            using var left = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            var listening = ListenAsync(running, process, frames, connections, left);
            try
            {
                await process.ReadAsync(
                    async (stream, piece) =>
                    {
                        await frames.SendAsync(stream, piece, left.Token);
                        await connections.TouchAsync(running.Codespace.Id, left.Token);
                    },
                    left.Token);
                await EndAsync(frames, new JsonObject { ["exit_code"] = await process.ExitCodeAsync(time, left.Token) }, left.Token);
            }
            catch (Exception exception) when (exception is EngineException or IOException)
            {
                await EndAsync(frames, new JsonObject { ["error"] = await connections.BrokenOffAsync(exception, left.Token) }, left.Token);
            }
            finally
            {
                await left.CancelAsync();
                await listening;

                // Also on the way out of an exception; of a process that has ended nothing is left to end.
                await KillAsync(process, time);
            }
        }
    }

    public static async Task KillAsync(IEngineProcess process, TimeProvider time)
    {
        try
        {
            await process.KillAsync(time, CancellationToken.None);
        }
        catch (EngineException)
        {
            // The container has ended, and the process with it.
        }
    }

    /// <summary>What the client sends, until it leaves.</summary>
    private static async Task ListenAsync(
        RunningCodespace running, IEngineProcess process, WebSocketFrames frames, CodespaceConnections connections,
        CancellationTokenSource left)
    {
        var channel = Input;
        try
        {
            while (await frames.ReceiveAsync(left.Token) is { } part)
            {
                var payload = part.Piece;
                if (part.First)
                {
                    channel = payload.Length > 0 ? payload.Span[0] : Input;
                    payload = payload.Length > 0 ? payload[1..] : payload;
                }

                await connections.TouchAsync(running.Codespace.Id, left.Token);
                if (channel == Resize && SizeOf(payload) is { } size)
                {
                    await process.ResizeAsync(size.Rows, size.Columns, left.Token);
                }
                else if (channel == Input && payload.Length > 0)
                {
                    await process.WriteAsync(payload, left.Token);
                }
                else if (channel == Input && part is { First: true, Last: true })
                {
                    process.CloseInput();
                }
            }
        }
        catch (Exception exception) when (exception is WebSocketException or OperationCanceledException or IOException)
        {
            // Either the client has left, or the process takes no more.
            if (exception is IOException)
            {
                return;
            }
        }

        await left.CancelAsync();
    }

    private static Task EndAsync(WebSocketFrames frames, JsonObject end, CancellationToken cancellationToken) =>
        frames.SendAsync(Exit, JsonSerializer.SerializeToUtf8Bytes(end), cancellationToken);

    private static (WantedProcess Process, (int Rows, int Columns)? Size)? Read(byte[] text)
    {
        try
        {
            var start = JsonNode.Parse(text, documentOptions: new() { MaxDepth = 8 }) as JsonObject;
            var command = (start?["command"] as JsonArray)?.Select(part => part!.GetValue<string>()).ToList();
            if (command is null or { Count: 0 } || command.Exists(part => part.Contains('\0', StringComparison.Ordinal)))
            {
                return null;
            }

            var terminal = start!["term"]?.GetValue<string>();
            return (
                new WantedProcess(
                    command, start["working_directory"]?.GetValue<string>(), start["tty"]?.GetValue<bool>() ?? false, Input: true,
                    terminal is not null && TerminalName().IsMatch(terminal) ? terminal : null),
                SizeOf(text));
        }
        catch (Exception exception)
            when (exception is JsonException or InvalidOperationException or FormatException or NullReferenceException)
        {
            return null;
        }
    }

    private static (int Rows, int Columns)? SizeOf(ReadOnlyMemory<byte> text)
    {
        try
        {
            var size = JsonNode.Parse(text.Span, documentOptions: new() { MaxDepth = 8 }) as JsonObject;
            return size?["rows"]?.GetValue<int>() is int rows and > 0 and < 10_000
                && size["columns"]?.GetValue<int>() is int columns and > 0 and < 10_000
                ? (rows, columns)
                : null;
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException or FormatException)
        {
            return null;
        }
    }

    [GeneratedRegex("^[A-Za-z0-9._+-]{1,40}\\z", RegexOptions.ExplicitCapture | RegexOptions.NonBacktracking)]
    private static partial Regex TerminalName();
}
