using System.Buffers.Binary;
using System.Text.Json;
using System.Text.Json.Nodes;
using Berth.Client.Wire;
using Berth.Server.Api;
using Berth.Server.Api.Bodies;
using Berth.Server.Codespaces.Connections;
using Berth.Server.Codespaces.Engine;
using Berth.Server.Database;

namespace Berth.Server.Codespaces;

/// <summary>
/// Runs one process in a codespace, as its remote user in its workspace folder, without a terminal and without input
/// (<see cref="CodespaceTerminal"/> has both). The answer is framed as the engine frames output (streams 1 and 2). The last frame is on
/// stream 3 and says as JSON how the process ended: <c>{"exit_code":0}</c>, or <c>{"error":"…"}</c> when that is not known. The process
/// ends when the client leaves.
/// </summary>
internal static class CodespaceExecution
{
    public const string MediaType = "application/vnd.berth.exec-stream";
    private const byte ExitStream = 3;

    public static async Task<IResult> RunAsync(
        string name, HttpContext http, ApiCaller caller, Db db, CodespaceConnections connections, TimeProvider time,
        IContainerEngine engine, CancellationToken cancellationToken)
    {
        var codespace = await CodespaceEndpoints.FindAsync(db, caller, name, cancellationToken);
        var body = await RequestBody.ReadAsync<CodespaceExec>(
            http.Request,
            "Codespace",
            (exec, faults) =>
            {
                if (exec.Command is { Count: 0 })
                {
                    faults.Add("command", "command must hold at least the program");
                }
            },
            cancellationToken);
        var running = await connections.RunningAsync(codespace, cancellationToken);
        await connections.TouchAsync(codespace.Id, cancellationToken);
        IEngineProcess process;
        try
        {
            var wanted = await connections.CommandAsync(running, new WantedProcess(body.Command, body.WorkingDirectory), cancellationToken);
            process = await engine.RunAsync(running.Container.Id, wanted, cancellationToken);
        }
        catch (EngineException exception)
        {
            return CodespaceConnections.Unprocessable($"the process cannot be started: {exception.Message}");
        }

        await using (process)
        {
            try
            {
                await StreamAsync(http, process, running.Codespace.Id, connections, time, cancellationToken);
            }
            finally
            {
                await CodespaceTerminal.KillAsync(process, time);
            }
        }

        return Results.Empty;
    }

    private static async Task StreamAsync(
        HttpContext http, IEngineProcess process, long codespace, CodespaceConnections connections, TimeProvider time,
        CancellationToken cancellationToken)
    {
        http.Response.ContentType = MediaType;

        // Send the head at once: the process may print nothing for a long time.
        await http.Response.StartAsync(cancellationToken);
        await http.Response.Body.FlushAsync(cancellationToken);
        var end = new JsonObject();
        try
        {
            await process.ReadAsync(
                async (stream, piece) =>
                {
                    await WriteAsync(http, stream, piece, cancellationToken);
                    await connections.TouchAsync(codespace, cancellationToken);
                },
                cancellationToken);
            end["exit_code"] = await process.ExitCodeAsync(time, cancellationToken);
        }
        catch (Exception exception) when (exception is EngineException or IOException)
        {
            end["error"] = await connections.BrokenOffAsync(exception, cancellationToken);
        }

        await WriteAsync(http, ExitStream, JsonSerializer.SerializeToUtf8Bytes(end), cancellationToken);
    }

    private static async Task WriteAsync(HttpContext http, byte stream, ReadOnlyMemory<byte> piece, CancellationToken cancellationToken)
    {
        var header = new byte[EngineFrames.HeaderBytes];
        header[0] = stream;
        BinaryPrimitives.WriteUInt32BigEndian(header.AsSpan(4), (uint)piece.Length);
        await http.Response.Body.WriteAsync(header, cancellationToken);
        await http.Response.Body.WriteAsync(piece, cancellationToken);
        await http.Response.Body.FlushAsync(cancellationToken);
    }
}
