using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Berth.Server.Api;
using Berth.Server.Codespaces.Engine;
using Berth.Server.Http;

namespace Berth.Server.Codespaces.Connections;

/// <summary>
/// Runs a process in a codespace over a WebSocket (<see cref="FollowProcess"/>), with input, and with a terminal if one is wanted. The
/// client's first message is JSON (<c>{"command":["bash"],"tty":true,"rows":24,"columns":80}</c>).
/// </summary>
internal static partial class CodespaceTerminal
{
    public static async Task<IResult> RunAsync(
        string name, HttpContext http, ApiCaller caller, CodespaceConnections connections, FollowProcess follow,
        CancellationToken cancellationToken)
    {
        var running = await connections.RunningAsync(caller, name, cancellationToken);
        return http.WebSockets.IsWebSocketRequest
            ? await follow.RunAsync(http, running, Read, "the first message must be JSON with a command", cancellationToken)
            : WebSocketNeeded();
    }

    /// <summary>The answer to a plain request where a WebSocket is needed (RFC 9110 section 15.5.22).</summary>
    public static ApiError WebSocketNeeded() =>
        new ApiError(426, "UPGRADE_REQUIRED", "this address speaks WebSocket; berth codespace does")
            .WithHeader("Upgrade", "websocket");

    private static FollowedProcess? Read(byte[] text)
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
            return new FollowedProcess(
                new WantedProcess(
                    command, start["working_directory"]?.GetValue<string>(), start["tty"]?.GetValue<bool>() ?? false, Input: true,
                    terminal is not null && TerminalName().IsMatch(terminal) ? terminal : null))
            {
                Size = SizeOf(text),
            };
        }
        catch (Exception exception)
            when (exception is JsonException or InvalidOperationException or FormatException or NullReferenceException)
        {
            return null;
        }
    }

    /// <summary>Reads the size of a terminal. Null when the text has none.</summary>
    public static (int Rows, int Columns)? SizeOf(ReadOnlyMemory<byte> text)
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

    [GeneratedRegex("^[A-Za-z0-9._+-]{1,40}\\z", RegexOptions.ExplicitCapture | RegexOptions.NonBacktracking)]
    private static partial Regex TerminalName();
}
