using System.CommandLine;
using Berth.Client.Wire;

namespace Berth.Cli.Commands;

/// <summary>The part of <c>berth prebuild</c> that says what is prebuilt, and when.</summary>
internal static class PrebuildConfigurationCommands
{
    public static Argument<long> Id() => new("CONFIGURATION") { Description = "Its number, from berth prebuild configurations" };

    public static BerthCommand Create()
    {
        var repository = Arguments.Repository();
        var reference = Arguments.Option("--ref", "The branch (default: the repository's default branch)");
        var path = Arguments.Option("--devcontainer-path", "Which configuration, when the repository has several");
        var settings = new Settings();
        return BerthCommand.Of(
            "create",
            "Have a branch prebuilt: at every push that the git server tells of, by a schedule, or by hand.",
            ["berth prebuild create acme/app", "berth prebuild create acme/app --ref main --on-push false --schedule '30 4 * * 1-5'"],
            [repository, reference, path, .. settings.All],
            async call => call.Print(
                await call.Client.CreatePrebuildConfigurationAsync(
                    call.Get(repository), settings.Read(call) with { Ref = call.Get(reference), DevcontainerPath = call.Get(path) },
                    call.CancellationToken),
                Details));
    }

    public static BerthCommand Edit()
    {
        var (repository, id, settings) = (Arguments.Repository(), Id(), new Settings());
        return BerthCommand.Of(
            "edit",
            "Change when a branch is prebuilt and how many prebuilds stay; from then on it runs by your right to read it.",
            ["berth prebuild edit acme/app 3 --retain 1", "berth prebuild edit acme/app 3 --enabled false"],
            [repository, id, .. settings.All],
            async call => call.Print(
                await call.Client.ChangePrebuildConfigurationAsync(
                    call.Get(repository), call.Get(id), settings.Read(call), call.CancellationToken),
                Details));
    }

    public static BerthCommand Configurations()
    {
        var repository = Arguments.Repository();
        return BerthCommand.Of(
            "configurations",
            "List what is prebuilt of a repository.",
            ["berth prebuild configurations acme/app"],
            [repository],
            async call => call.PrintList(
                await call.Client.PrebuildConfigurationsAsync(call.Get(repository), call.CancellationToken),
                "Nothing of it is prebuilt.",
                ("ID", one => $"{one.Id}"),
                ("REF", one => one.Ref),
                ("PATH", one => one.DevcontainerPath),
                ("ON PUSH", one => one.OnPush ? "yes" : "no"),
                ("SCHEDULE", one => one.Schedule),
                ("RETAINED", one => $"{one.RetainedVersions}"),
                ("ENABLED", one => one.Enabled ? "yes" : "no")));
    }

    public static BerthCommand Delete()
    {
        var (repository, id) = (Arguments.Repository(), Id());
        return BerthCommand.Of(
            "delete",
            "Prebuild it no more, and remove its prebuilds. Codespaces that began with one go on.",
            ["berth prebuild delete acme/app 3"],
            [repository, id],
            async call =>
            {
                await call.Client.DeletePrebuildConfigurationAsync(call.Get(repository), call.Get(id), call.CancellationToken);
                call.WriteDone("Deleted, with its prebuilds.");
            });
    }

    public static BerthCommand Hook()
    {
        var repository = Arguments.Repository();
        var off = new Option<bool>("--off") { Description = "Take no more news of pushes" };
        return BerthCommand.Of(
            "hook",
            "Make the address at which the git server tells of pushes, with a new secret, which is shown once.",
            ["berth prebuild hook acme/app", "berth prebuild hook acme/app --off"],
            [repository, off],
            async call =>
            {
                if (call.Get(off))
                {
                    await call.Client.DeletePushHookAsync(call.Get(repository), call.CancellationToken);
                    call.WriteDone("Pushes are not listened for any more.");
                    return;
                }

                call.Print(
                    await call.Client.SetPushHookAsync(call.Get(repository), new NewPushHook(), call.CancellationToken),
                    (writer, hook) => CommandCall.Details(
                        writer, ("URL", hook.Url), ("Secret", hook.Secret), ("Content", "application/json")));
            });
    }

    private static void Details(TextWriter writer, PrebuildConfiguration one) => CommandCall.Details(
        writer,
        ("Id", one.Id),
        ("Ref", one.Ref),
        ("Path", one.DevcontainerPath),
        ("Machine", one.Machine),
        ("On push", one.OnPush ? "yes" : "no"),
        ("Schedule", one.Schedule),
        ("Next", one.NextRunAt?.ToString("u", System.Globalization.CultureInfo.InvariantCulture)),
        ("Retained", one.RetainedVersions),
        ("Enabled", one.Enabled ? "yes" : "no"),
        ("Runs as", one.Owner));

    private sealed class Settings
    {
        private readonly Option<string> _machine = Arguments.Option("--machine", "On which machine it is made");
        private readonly Option<bool?> _push = Arguments.Flag("--on-push", "Whether pushes begin one (default: true)");
        private readonly Option<string> _schedule = Arguments.Option(
            "--schedule", "When: five fields of cron in UTC, or 'every 6h'; '' is never");

        private readonly Option<int?> _retain = new("--retain") { Description = "How many finished ones stay (1 to 5, default 2)" };
        private readonly Option<bool?> _enabled = Arguments.Flag("--enabled", "Whether it runs by itself (default: true)");

        public IReadOnlyList<Symbol> All => [_machine, _push, _schedule, _retain, _enabled];

        public NewPrebuildConfiguration Read(CommandCall call) => new()
        {
            Machine = call.Get(_machine),
            OnPush = call.Get(_push),
            Schedule = call.Get(_schedule),
            RetainedVersions = call.Get(_retain),
            Enabled = call.Get(_enabled),
        };
    }
}
