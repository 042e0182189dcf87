using System.Buffers.Binary;
using System.Text.Json;
using System.Text.Json.Nodes;
using Berth.Server.Api;
using Berth.Server.Codespaces.Devcontainers;
using Berth.Server.Codespaces.Engine;
using Berth.Server.Database;
using Berth.Server.Http;

namespace Berth.Server.Codespaces;

/// <summary>
/// Runs one process in a codespace, as its remote user in its workspace folder, without a terminal. The answer is framed as the engine frames output (stream
/// 1 and 2); the last frame is stream 3 and says the exit code as JSON, <c>{"exit_code":0}</c>.
/// </summary>
internal static class CodespaceExecution
{
    public const string MediaType = "application/vnd.berth.exec-stream";
    private const byte ExitStream = 3;

    public static async Task<IResult> RunAsync(
        string name, HttpContext http, ApiCaller caller, Db db, TimeProvider time, EngineClient engine, CancellationToken cancellationToken)
    {
        var codespace = await CodespaceEndpoints.FindAsync(db, caller, name, cancellationToken);
        var body = await CreateCodespace.BodyAsync(http.Request, cancellationToken);
        var command = body.Arguments("command", required: true);
        var folder = body.Text("working_directory", longest: 1000);
        if (command is { Count: 0 })
        {
            body.Fault("command", "invalid", "command must hold at least the program");
        }

        body.Validate();
        if (codespace is not { State: CodespaceState.Available, ContainerId: { } container })
        {
            return CodespaceEndpoints.Conflict($"the codespace is {codespace.State}, not Available; start it with: berth codespace start {codespace.Name}");
        }

        await db.WriteAsync(session => CodespaceTable.TouchAsync(session, codespace.Id, time.GetUtcNow()), cancellationToken);
        try
        {
            var environment = await engine.ContainerAsync(container, cancellationToken) is { } running ? RemoteEnvironment.Of(running) : [];
            var exec = await engine.CreateExecAsync(container, Process(codespace, command!, folder, environment), cancellationToken);
            using var response = await engine.StartExecAsync(exec, cancellationToken);
            http.Response.ContentType = MediaType;
            await http.Response.StartAsync(cancellationToken);
            await EngineFrames.ReadAsync(
                await response.Content.ReadAsStreamAsync(cancellationToken), (stream, piece) => WriteAsync(http, stream, piece, cancellationToken), cancellationToken);
            var code = await engine.ExecExitCodeAsync(exec, cancellationToken);
            await WriteAsync(http, ExitStream, JsonSerializer.SerializeToUtf8Bytes(new JsonObject { ["exit_code"] = code }), cancellationToken);
            return Results.Empty;
        }
        catch (EngineException exception) when (!http.Response.HasStarted)
        {
            return new ApiError(422, "unprocessable", $"the process cannot be started: {exception.Message}");
        }
    }

    private static JsonObject Process(Codespace codespace, List<string> command, string? folder, IEnumerable<string> environment) => new()
    {
        ["Env"] = new JsonArray([.. environment.Select(entry => JsonValue.Create(entry))]),
        ["AttachStdout"] = true,
        ["AttachStderr"] = true,
        ["Cmd"] = new JsonArray([.. command.Select(part => JsonValue.Create(part))]),
        ["User"] = codespace.RemoteUser ?? "",
        ["WorkingDir"] = string.IsNullOrEmpty(folder) ? codespace.WorkspaceFolder ?? "" : folder,
        ["Tty"] = false,
    };

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
