using System.CommandLine;
using Berth.Client.Wire;
using Spectre.Console;

namespace Berth.Cli.Commands;

/// <summary>The garbage collector of the server.</summary>
internal static class GarbageCollectionCommand
{
    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(500);

    public static BerthCommand Build()
    {
        var status = new Option<bool>("--status") { Description = "Only show the last run" };
        var detach = new Option<bool>("--no-wait") { Description = "Begin it and do not wait for the end" };
        return BerthCommand.Of(
            "collect",
            "Remove now what nothing holds any more, instead of within half an hour. Pushes and pulls go on meanwhile.",
            ["berth admin collect", "berth admin collect --status"],
            [status, detach],
            async call =>
            {
                var run = call.Get(status)
                    ? await call.Client.GarbageCollectionAsync(call.CancellationToken)
                    : await call.Client.CollectGarbageAsync(call.CancellationToken);
                if (!call.Get(status) && !call.Get(detach))
                {
                    run = call.Terminal.Interactive && !call.Json
                        ? await call.Terminal.Screen().Status().StartAsync("collecting", _ => FollowAsync(call, run))
                        : await FollowAsync(call, run);
                }

                call.Print(run, Show);
                if (run.State == "failed")
                {
                    throw new CommandException(ExitCodes.Failed, "the run failed; the server's log says why, and the next one tries again");
                }
            });
    }

    private static async Task<GarbageCollectionRun> FollowAsync(CommandCall call, GarbageCollectionRun run)
    {
        while (run.State == "running")
        {
            await Task.Delay(Look, call.CancellationToken);
            run = await call.Client.GarbageCollectionAsync(call.CancellationToken);
        }

        return run;
    }

    private static void Show(TextWriter writer, GarbageCollectionRun run) => CommandCall.Details(
        writer,
        ("State", run.State),
        ("Started", run.StartedAt is { } started ? $"{started:yyyy-MM-dd HH:mm:ss}" : "-"),
        ("Finished", run.FinishedAt is { } finished ? $"{finished:yyyy-MM-dd HH:mm:ss}" : "-"),
        ("Blobs", $"{run.Blobs} ({run.Bytes} bytes)"),
        ("Versions", run.Versions),
        ("Packages", run.Packages),
        ("Uploads", run.Uploads),
        ("Stray files", run.StrayFiles));
}
