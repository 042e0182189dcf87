using System.Net.WebSockets;
using System.Text.Json;
using System.Text.Json.Nodes;
using Berth.Server.Codespaces.Engine;
using Berth.Server.Http;

namespace Berth.Server.Codespaces.Connections;

/// <summary>A process whose input and output go to a client.</summary>
internal sealed record FollowedProcess(WantedProcess Process)
{
    /// <summary>The size of its terminal.</summary>
    public (int Rows, int Columns)? Size { get; init; }

    /// <summary>Input that it gets before any of the client's.</summary>
    public ReadOnlyMemory<byte> FirstInput { get; init; }

    /// <summary>Explains the exit codes of Berth's own scripts. Null: the client interprets the code.</summary>
    public Func<int, string?> Explain { get; init; } = _ => null;
}

/// <summary>
/// Runs a process in a codespace over a WebSocket. The client's first message is JSON and says what it wants. Every later message is one
/// byte and a payload:
/// <code>
/// client   0 input; without payload: its end     4 the terminal's new size, {"rows":24,"columns":80}
/// server   1 output     2 errors     3 the end, {"exit_code":0} or {"error":"…"}
/// </code>
/// The process ends when the client leaves.
/// </summary>
internal sealed class FollowProcess(CodespaceConnections connections, IContainerEngine engine, TimeProvider time)
{
    private const byte Input = 0;
    private const byte Exit = 3;
    private const byte Resize = 4;
    private const int LongestStart = 256 * 1024;

    /// <param name="read">Reads the first message. Null when the message is wrong.</param>
    public async Task<IResult> RunAsync(
        HttpContext http, RunningCodespace running, Func<byte[], FollowedProcess?> read, string expected,
        CancellationToken cancellationToken)
    {
        using var socket = await http.WebSockets.AcceptWebSocketAsync();
        using var frames = new WebSocketFrames(socket);
        try
        {
            if (await frames.ReceiveTextAsync(LongestStart, cancellationToken) is not { } start || read(start) is not { } wanted)
            {
                await frames.CloseAsync(WebSocketCloseStatus.InvalidPayloadData, expected, cancellationToken);
                return Results.Empty;
            }

            await RunAsync(running, wanted, frames, cancellationToken);
            await frames.CloseAsync(WebSocketCloseStatus.NormalClosure, "", cancellationToken);
        }
        catch (Exception exception) when (exception is WebSocketException or OperationCanceledException or IOException)
        {
            // The client has left.
        }

        return Results.Empty;
    }

    private async Task RunAsync(
        RunningCodespace running, FollowedProcess wanted, WebSocketFrames frames, CancellationToken cancellationToken)
    {
        IEngineProcess process;
        try
        {
            process = await engine.RunAsync(
                running.Container.Id, await connections.CommandAsync(running, wanted.Process, cancellationToken), cancellationToken);
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
            if (wanted.Size is { } first)
            {
                await process.ResizeAsync(first.Rows, first.Columns, cancellationToken);
            }

            await BeginAsync(process, wanted.FirstInput, cancellationToken);

            using var left = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            var listening = ListenAsync(running, process, frames, left);
            try
            {
                await process.ReadAsync(
                    async (stream, piece) =>
                    {
                        await frames.SendAsync(stream, piece, left.Token);
                        await connections.TouchAsync(running.Codespace.Id, left.Token);
                    },
                    left.Token);
                var code = await process.ExitCodeAsync(time, left.Token);
                await EndAsync(
                    frames,
                    wanted.Explain(code) is { } reason ? new JsonObject { ["error"] = reason } : new JsonObject { ["exit_code"] = code },
                    left.Token);
            }
            catch (Exception exception) when (exception is EngineException or IOException)
            {
                await EndAsync(frames, new JsonObject { ["error"] = await connections.BrokenOffAsync(exception, left.Token) }, left.Token);
            }
            finally
            {
                await left.CancelAsync();
                await listening;

                // This also runs after an exception. If the process has ended already, it does nothing.
                await CodespaceTerminal.KillAsync(process, time);
            }
        }
    }

    private static async Task BeginAsync(IEngineProcess process, ReadOnlyMemory<byte> input, CancellationToken cancellationToken)
    {
        try
        {
            if (input.Length > 0)
            {
                await process.WriteAsync(input, cancellationToken);
            }
        }
        catch (IOException)
        {
            // The process has ended without reading its input. Its exit code says why.
        }
    }

    /// <summary>Passes on what the client sends, until the client leaves.</summary>
    private async Task ListenAsync(
        RunningCodespace running, IEngineProcess process, WebSocketFrames frames, CancellationTokenSource left)
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
                if (channel == Resize && CodespaceTerminal.SizeOf(payload) is { } size)
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
            // Either the client has left, or the process takes no more input.
            if (exception is IOException)
            {
                return;
            }
        }

        await left.CancelAsync();
    }

    private static Task EndAsync(WebSocketFrames frames, JsonObject end, CancellationToken cancellationToken) =>
        frames.SendAsync(Exit, JsonSerializer.SerializeToUtf8Bytes(end), cancellationToken);
}
