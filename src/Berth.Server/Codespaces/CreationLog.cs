using System.Text;
using Berth.Server.Api;
using Berth.Server.Database;
using Berth.Server.Http;

namespace Berth.Server.Codespaces;

/// <summary>
/// The creation log as text, one step or event a line; with <c>follow</c> until the start under way has ended, its commands in the
/// background included.
/// </summary>
internal static class CreationLog
{
    /// <summary>How often to look, since no signal comes for lines that another node writes.</summary>
    private static readonly TimeSpan Look = TimeSpan.FromSeconds(1);

    /// <param name="http"><c>?follow=true</c> streams, <c>?follow=available</c> as long as nobody can work in it yet;
    /// <c>?attempt=latest</c> or a number shows one start only.</param>
    public static async Task GetAsync(
        string name, HttpContext http, ApiCaller caller, Db db, CodespaceLog logs, TimeProvider time, CancellationToken cancellationToken)
    {
        var codespace = await CodespaceEndpoints.FindAsync(db, caller, name, cancellationToken);
        var attempt = Attempt(http.Request.Query["attempt"].ToString(), codespace);
        var follow = http.Request.Query["follow"].ToString();
        await WriteAsync(
            http, codespace.Id, attempt, logs, time,
            async () => follow is not ("true" or "1" or "available")
                || await db.ReadAsync(session => CodespaceTable.FindAsync(session, codespace.Id), cancellationToken) is not { } now
                || HasEnded(now, follow)
                || now.Desired == CodespaceDesire.Deleted,
            cancellationToken);
    }

    /// <param name="attempt">Null: lines of all starts.</param>
    /// <param name="hasEnded">Called before each look. When it is true, no more lines are waited for.</param>
    public static async Task WriteAsync(
        HttpContext http, long codespace, long? attempt, CodespaceLog logs, TimeProvider time, Func<Task<bool>> hasEnded,
        CancellationToken cancellationToken)
    {
        http.Response.ContentType = "text/plain; charset=utf-8";
        if (HttpMethods.IsHead(http.Request.Method))
        {
            return;
        }

        long last = 0;
        while (true)
        {
            // The order matters, so that no line is lost: ask for the signal, look whether it has ended, read the lines.
            var changed = logs.ChangedAsync(codespace);
            var ended = await hasEnded();
            var lines = await logs.ReadAsync(codespace, attempt, last, cancellationToken);
            foreach (var line in lines)
            {
                await http.Response.Body.WriteAsync(Encoding.UTF8.GetBytes(line.ToText()), cancellationToken);
                last = line.Id;
            }

            await http.Response.Body.FlushAsync(cancellationToken);
            if (lines.Count == 0 && ended)
            {
                return;
            }

            if (lines.Count == 0)
            {
                await Task.WhenAny(changed, Task.Delay(Look, time, cancellationToken));
            }
        }
    }

    private static bool HasEnded(Codespace codespace, string follow) =>
        CodespaceState.IsSettled(codespace.State)
            && (follow == "available" || codespace is not { State: CodespaceState.Available, CommandsRunning: true });

    private static long? Attempt(string text, Codespace codespace) => text switch
    {
        "" => null,
        "latest" => codespace.Attempt,
        _ =>
            long.TryParse(text, out var number)
                ? number
                : throw new ApiException(ApiErrors.Invalid("Query", "attempt", "attempt must be latest or a number")),
    };
}
