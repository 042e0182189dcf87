using System.CommandLine;
using Berth.Client.Wire;

namespace Berth.Cli.Commands;

/// <summary><c>berth prebuild</c>: does ahead what codespaces of a repository would do first.</summary>
internal static class PrebuildCommands
{
    private const string Failed = "failed";

    public static BerthCommand Build() => BerthCommand.Group(
        "prebuild",
        "Prebuilds: onCreateCommand and updateContentCommand of a branch run ahead, and new codespaces go on from there.",
        ["berth prebuild create acme/app --schedule 'every 6h'", "berth prebuild run acme/app 3", "berth prebuild ls acme/app"],
        PrebuildConfigurationCommands.Create(),
        PrebuildConfigurationCommands.Edit(),
        PrebuildConfigurationCommands.Configurations(),
        PrebuildConfigurationCommands.Delete(),
        Run(),
        List(),
        Show(),
        Logs(),
        Remove(),
        PrebuildConfigurationCommands.Hook());

    private static BerthCommand Run()
    {
        var repository = Arguments.Repository();
        var configuration = PrebuildConfigurationCommands.Id();
        var detach = new Option<bool>("--detach") { Description = "Do not wait until it is ready" };
        return BerthCommand.Of(
            "run",
            "Make a prebuild now and follow it. Ends with 1 when it fails, with the reason.",
            ["berth prebuild run acme/app 3", "berth prebuild run acme/app 3 --detach"],
            [repository, configuration, detach],
            async call =>
            {
                var begun = await call.Client.RunPrebuildAsync(call.Get(repository), call.Get(configuration), call.CancellationToken);
                if (!call.Get(detach))
                {
                    await foreach (var line in call.Client.PrebuildLogAsync(
                        call.Get(repository), begun.Id, follow: true, call.CancellationToken))
                    {
                        await call.Terminal.Error.WriteLineAsync(line);
                    }

                    begun = await call.Client.PrebuildAsync(call.Get(repository), begun.Id, call.CancellationToken);
                }

                call.Print(begun, Details);
                if (begun.State == Failed)
                {
                    throw new CommandException(ExitCodes.Failed, $"the prebuild failed: {begun.Failure}");
                }
            });
    }

    private static BerthCommand List()
    {
        var repository = Arguments.Repository();
        return BerthCommand.Of(
            "ls",
            "List the prebuilds of a repository, the newest first.",
            ["berth prebuild ls acme/app"],
            [repository],
            async call => call.PrintList(
                await call.Client.PrebuildsAsync(call.Get(repository), call.CancellationToken),
                "It has no prebuilds.",
                ("ID", prebuild => $"{prebuild.Id}"),
                ("REF", prebuild => prebuild.Ref),
                ("COMMIT", prebuild => prebuild.CommitSha is { Length: > 10 } commit ? commit[..10] : prebuild.CommitSha),
                ("STATE", prebuild => prebuild.State),
                ("CAUSE", prebuild => prebuild.Cause),
                ("SIZE", Size),
                ("MADE", prebuild => $"{prebuild.CreatedAt:yyyy-MM-dd HH:mm}")));
    }

    private static BerthCommand Show()
    {
        var (repository, prebuild) = (Arguments.Repository(), Id());
        return BerthCommand.Of(
            "show",
            "Show a prebuild, and why it failed.",
            ["berth prebuild show acme/app 17"],
            [repository, prebuild],
            async call => call.Print(
                await call.Client.PrebuildAsync(call.Get(repository), call.Get(prebuild), call.CancellationToken), Details));
    }

    private static BerthCommand Logs()
    {
        var (repository, prebuild) = (Arguments.Repository(), Id());
        var follow = new Option<bool>("--follow", "-f") { Description = "Go on until it is ready or has failed" };
        return BerthCommand.Of(
            "logs",
            "Print the log of a prebuild.",
            ["berth prebuild logs acme/app 17", "berth prebuild logs acme/app 17 --follow"],
            [repository, prebuild, follow],
            async call =>
            {
                await foreach (var line in call.Client.PrebuildLogAsync(
                    call.Get(repository), call.Get(prebuild), call.Get(follow), call.CancellationToken))
                {
                    await call.Terminal.Out.WriteLineAsync(line);
                }
            });
    }

    private static BerthCommand Remove()
    {
        var (repository, prebuild) = (Arguments.Repository(), Id());
        return BerthCommand.Of(
            "rm",
            "Remove a prebuild, also one that is being made. Codespaces that began with it go on.",
            ["berth prebuild rm acme/app 17"],
            [repository, prebuild],
            async call =>
            {
                await call.Client.DeletePrebuildAsync(call.Get(repository), call.Get(prebuild), call.CancellationToken);
                call.WriteDone($"The prebuild {call.Get(prebuild)} is removed.");
            });
    }

    private static Argument<long> Id() => new("ID") { Description = "The prebuild's number, from berth prebuild ls" };

    private static void Details(TextWriter writer, CodespacePrebuild prebuild) => CommandCall.Details(
        writer,
        ("Id", prebuild.Id),
        ("State", prebuild.State),
        ("Why", prebuild.Failure),
        ("Ref", prebuild.Ref),
        ("Commit", prebuild.CommitSha),
        ("Cause", prebuild.Cause),
        ("Size", Size(prebuild)),
        ("Ready", prebuild.ReadyAt?.ToString("u", System.Globalization.CultureInfo.InvariantCulture)));

    private static string? Size(CodespacePrebuild prebuild) =>
        prebuild.ReadyAt is null ? null : $"{((prebuild.ImageSizeInBytes ?? 0) + (prebuild.WorkspaceSizeInBytes ?? 0)) >> 20} MiB";
}
