using System.CommandLine;
using Berth.Client.Wire;
using Spectre.Console;

namespace Berth.Cli.Commands;

/// <summary>The rotation of the server's master key.</summary>
internal static class KeyRotationCommand
{
    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(250);

    public static BerthCommand Build()
    {
        var single = new Option<bool>("--single-server")
        {
            Description = "No other server uses the database (PostgreSQL): let the server make the new key itself",
        };
        var status = new Option<bool>("--status") { Description = "Only show how far the latest rotation is" };
        var detach = new Option<bool>("--no-wait") { Description = "Begin it and do not wait for the end" };
        return BerthCommand.Of(
            "rotate-keys",
            "Replace the master key while the server runs: everything it wraps is wrapped anew, and owners of secrets get new key pairs. "
                + "Interrupted, it goes on by itself.",
            ["berth admin rotate-keys", "berth admin rotate-keys --status", "berth admin rotate-keys --single-server --no-wait"],
            [single, status, detach],
            async call =>
            {
                var rotation = call.Get(status)
                    ? await call.Client.KeyRotationAsync(call.CancellationToken)
                    : await call.Client.RotateKeysAsync(call.Get(single), call.CancellationToken);
                if (!call.Get(status) && !call.Get(detach))
                {
                    rotation = await WaitAsync(call, rotation);
                }

                call.Print(rotation, Show);
                if (rotation.Failed > 0)
                {
                    throw new CommandException(
                        ExitCodes.Failed, $"{rotation.Failed} rows open with no key of the master key file; the server's log names them");
                }
            });
    }

    private static Task<MasterKeyRotation> WaitAsync(CommandCall call, MasterKeyRotation rotation) =>
        call.Terminal.Interactive && !call.Json
            ? call.Terminal.Screen().Progress().StartAsync(context =>
            {
                var bar = context.AddTask("master key", maxValue: Math.Max(1, rotation.Total));
                return FollowAsync(call, rotation, now => bar.Value = now.Done);
            })
            : FollowAsync(call, rotation, _ => { });

    private static async Task<MasterKeyRotation> FollowAsync(CommandCall call, MasterKeyRotation rotation, Action<MasterKeyRotation> show)
    {
        while (rotation.State == "running")
        {
            show(rotation);
            await Task.Delay(Look, call.CancellationToken);
            rotation = await call.Client.KeyRotationAsync(call.CancellationToken);
        }

        show(rotation);
        return rotation;
    }

    private static void Show(TextWriter writer, MasterKeyRotation rotation) => CommandCall.Details(
        writer,
        ("State", rotation.State switch { "none" => "never rotated", var state => state }),
        ("Key in force", rotation.To),
        ("Key before", rotation.From),
        ("Rows", rotation.State == "none" ? null : $"{rotation.Done} of {rotation.Total}"),
        ("Began", rotation.StartedAt?.ToString("u", System.Globalization.CultureInfo.InvariantCulture)),
        ("Finished", rotation.FinishedAt?.ToString("u", System.Globalization.CultureInfo.InvariantCulture)));
}
