using System.CommandLine;
using System.Text.Json;
using Berth.Client;
using Berth.Client.Wire;

namespace Berth.Cli.Commands;

/// <summary>Automatic removal from packages: policies, what they would remove, and what they removed.</summary>
internal static class RetentionCommands
{
    public static BerthCommand Build() => BerthCommand.Group(
        "retention",
        "What is removed from packages by itself: never a platform of a live index, nor a signature of a live image.",
        [
            "berth package retention set acme/app --tags 'pr-*' --older-than 14", "berth package retention preview acme/app",
            "berth package retention runs acme",
        ],
        Show(),
        Set(),
        Clear(),
        Preview(),
        Run(),
        Runs(),
        Gone());

    private static BerthCommand Show()
    {
        var (target, type) = (Target(), Arguments.Type());
        return BerthCommand.Of(
            "show",
            "Show the policy of an account, or the one that counts for a package.",
            ["berth package retention show acme", "berth package retention show acme/app --json"],
            [target, type],
            async call => call.Print(
                await call.Client.RetentionAsync(await PlaceAsync(call, target, type), call.CancellationToken), Write));
    }

    private static BerthCommand Set()
    {
        var (target, type, options) = (Target(), Arguments.Type(), new PolicyOptions());
        return BerthCommand.Of(
            "set",
            "Set the policy of an account or a package: one rule by options, or all of it from a file. A package's own policy replaces its "
                + "account's.",
            [
                "berth package retention set acme --untagged --older-than 7",
                "berth package retention set acme/app --tags 'pr-*,nightly-*' --older-than 14 --keep-newest 5 --keep-tags 'v*'",
                "berth package retention set acme/lib --type npm --versions '*-pr.*' --older-than 14",
                "berth package retention set acme/app --expires-with 'pr-{pr}'", "berth package retention set acme/app --file policy.json",
            ],
            [target, type, .. options.All],
            async call => call.Print(
                await call.Client.SetRetentionAsync(
                    await PlaceAsync(call, target, type), await options.ReadAsync(call) ?? throw Missing(), call.CancellationToken),
                Write));
    }

    private static BerthCommand Clear()
    {
        var (target, type) = (Target(), Arguments.Type());
        return BerthCommand.Of(
            "clear",
            "Take the policy of an account or a package away; a package follows its account's then.",
            ["berth package retention clear acme/app"],
            [target, type],
            async call =>
            {
                await call.Client.ClearRetentionAsync(await PlaceAsync(call, target, type), call.CancellationToken);
                call.WriteDone($"{call.Get(target)} has no retention policy of its own.");
            });
    }

    private static BerthCommand Preview()
    {
        var (target, type, options) = (Target(), Arguments.Type(), new PolicyOptions());
        return BerthCommand.Of(
            "preview",
            "Show what a run would remove now and why, from a package or from all of an account; with options, what that policy would "
                + "remove. Nothing is changed.",
            [
                "berth package retention preview acme/app", "berth package retention preview acme",
                "berth package retention preview acme --untagged --older-than 7",
            ],
            [target, type, .. options.All],
            async call =>
            {
                var tried = await options.ReadAsync(call);
                if (call.Get(target).Contains('/', StringComparison.Ordinal))
                {
                    call.Print(
                        await call.Client.RetentionPreviewAsync(
                            Arguments.Reference(call.Get(target), call.Get(type)), tried, call.CancellationToken),
                        Write);
                    return;
                }

                var place = await PlaceAsync(call, target, type);
                call.Print(await call.Client.RetentionPreviewAsync(place, tried, call.CancellationToken), Write);
            });
    }

    private static BerthCommand Run()
    {
        var (target, type) = (Target(), Arguments.Type());
        return BerthCommand.Of(
            "run",
            "Run the policy now, over one package or all of an account. What it removes can be restored for a while.",
            ["berth package retention run acme/app", "berth package retention run acme"],
            [target, type],
            async call =>
            {
                if (call.Get(target).Contains('/', StringComparison.Ordinal))
                {
                    call.Print(
                        await call.Client.RunRetentionAsync(
                            Arguments.Reference(call.Get(target), call.Get(type)), call.CancellationToken),
                        Write);
                    return;
                }

                Table(call, await call.Client.RunRetentionAsync(await PlaceAsync(call, target, type), call.CancellationToken));
            });
    }

    private static BerthCommand Runs()
    {
        var (target, type) = (Target(), Arguments.Type());
        var run = new Option<long?>("--run") { Description = "Everything that this run removed" };
        return BerthCommand.Of(
            "runs",
            "List the runs over a package or over all of an account.",
            ["berth package retention runs acme", "berth package retention runs acme/app --run 7"],
            [target, type, run],
            async call =>
            {
                if (call.Get(run) is { } id && call.Get(target).Contains('/', StringComparison.Ordinal))
                {
                    call.Print(
                        await call.Client.RetentionRunAsync(
                            Arguments.Reference(call.Get(target), call.Get(type)), id, call.CancellationToken),
                        Write);
                    return;
                }

                Table(call, await call.Client.RetentionRunsAsync(await PlaceAsync(call, target, type), call.CancellationToken));
            });
    }

    private static BerthCommand Gone()
    {
        var repository = Arguments.Repository();
        var reference = Arguments.Text("REF", "refs/heads/NAME, refs/tags/NAME or refs/pull/NUMBER");
        return BerthCommand.Of(
            "gone",
            "Tell that a branch, tag or pull request of a repository is gone: versions go that follow it, where a policy says "
                + "expires_with.",
            ["berth package retention gone acme/app refs/pull/7"],
            [repository, reference],
            async call => Table(
                call, await call.Client.RefGoneAsync(call.Get(repository), call.Get(reference), call.CancellationToken)));
    }

    private static Argument<string> Target() =>
        Arguments.Text("OWNER[/NAME]", "A package, as owner/name, or an account for all of its packages");

    private static async Task<RetentionPlace> PlaceAsync(CommandCall call, Argument<string> target, Option<string> type)
    {
        var text = call.Get(target);
        return text.Contains('/', StringComparison.Ordinal) ? RetentionPlace.Of(Arguments.Reference(text, call.Get(type)))
            : (await call.Client.UserAsync(call.CancellationToken)).Login.Equals(text, StringComparison.OrdinalIgnoreCase)
                ? RetentionPlace.Own
                : RetentionPlace.OfOrganization(text);
    }

    private static CommandException Missing() =>
        new(ExitCodes.Usage, "say what goes: --tags, --versions, --untagged or --expires-with, or the whole policy with --file");

    private static void Table(CommandCall call, List<RetentionRun> runs) => call.PrintList(
        runs,
        "There were no runs.",
        ("ID", run => $"{run.Id}"),
        ("PACKAGE", run => run.Package),
        ("CAUSE", run => run.Cause),
        ("STARTED", run => $"{run.StartedAt:yyyy-MM-dd HH:mm}"),
        ("REMOVED", run => $"{run.Removed}"),
        ("STATE", run => run.FinishedAt is null ? "unfinished" : "done"));

    private static void Write(TextWriter writer, RetentionSetting setting)
    {
        if (setting.Policy is not { } policy)
        {
            writer.WriteLine("There is no policy: nothing is removed.");
            return;
        }

        writer.WriteLine(
            policy.Enabled == false ? "Nothing is removed: the policy is switched off."
            : setting.Source == "owner" ? "The account's policy:" : "The package's own policy:");
        writer.WriteLine(JsonSerializer.Serialize(policy, BerthJson.Wire.Of<RetentionPolicy>()));
    }

    private static void Write(TextWriter writer, RetentionPreview preview)
    {
        Write(writer, preview.Removes);
        writer.WriteLine($"{preview.Removes.Count} would go, {preview.Keeps} stay.");
    }

    private static void Write(TextWriter writer, List<RetentionPreview> previews)
    {
        var losing = previews.FindAll(preview => preview.Removes.Count > 0);
        foreach (var preview in losing)
        {
            writer.WriteLine($"{preview.Package}:");
            Write(writer, preview);
        }

        writer.WriteLine(
            $"From {losing.Count} of {previews.Count} packages {previews.Sum(preview => preview.Removes.Count)} versions would go, "
                + $"{previews.Sum(preview => preview.Keeps)} stay.");
    }

    private static void Write(TextWriter writer, RetentionRun run)
    {
        Write(writer, run.Removals ?? []);
        writer.WriteLine($"Run {run.Id} removed {run.Removed} versions of {run.Package}.");
    }

    private static void Write(TextWriter writer, IReadOnlyList<RetentionRemoval> removals)
    {
        foreach (var removal in removals)
        {
            writer.WriteLine($"{removal.Name}  {string.Join(", ", removal.Tags)}");
            writer.WriteLine($"  {removal.Reason}");
        }
    }

    private sealed class PolicyOptions
    {
        private readonly Option<string> _file = Arguments.Option("--file", "The policy as JSON; - is standard input");
        private readonly Option<string[]> _tags = Many("--tags", "Versions whose tags all match one of these patterns, such as 'pr-*'");
        private readonly Option<string[]> _versions = Many("--versions", "npm versions without a dist-tag whose number matches: '*-pr.*'");
        private readonly Option<bool> _untagged = new("--untagged") { Description = "Versions without a tag that nothing holds" };
        private readonly Option<string[]> _expires = Many("--expires-with", "Versions whose tags follow a ref: 'pr-{pr}', '{branch}'");
        private readonly Option<string[]> _keep = Many("--keep-tags", "Versions with such a tag stay, whatever else holds");
        private readonly Option<int?> _newest = new("--keep-newest") { Description = "So many of the newest stay" };
        private readonly Option<int?> _days = new("--older-than") { Description = "Only what is more than so many days old" };

        private readonly Option<int?> _idle = new("--not-pulled-for") { Description = "Only what nobody pulled for so many days" };

        public Symbol[] All => [_file, _tags, _versions, _untagged, _expires, _keep, _newest, _days, _idle];

        /// <summary>Null when no option was given.</summary>
        public async Task<RetentionPolicy?> ReadAsync(CommandCall call)
        {
            if (call.Get(_file) is { } file)
            {
                try
                {
                    return JsonSerializer.Deserialize(
                        file == "-" ? await call.Terminal.In.ReadToEndAsync(call.CancellationToken)
                        : await File.ReadAllTextAsync(file, call.CancellationToken),
                        BerthJson.Wire.Of<RetentionPolicy>());
                }
                catch (JsonException exception)
                {
                    throw new CommandException(ExitCodes.Usage, $"{file} is no policy: {exception.Message}");
                }
            }

            var (tags, expires) = (Arguments.Split(call.Get(_tags)), Arguments.Split(call.Get(_expires)));
            var versions = Arguments.Split(call.Get(_versions));
            return tags is null && versions is null && expires is null && !call.Get(_untagged)
                ? null
                : new RetentionPolicy
                {
                    KeepTags = Arguments.Split(call.Get(_keep)),
                    Rules =
                    [
                        new RetentionRule
                        {
                            Tags = tags,
                            Versions = versions,
                            Untagged = call.Get(_untagged) ? true : null,
                            ExpiresWith = expires,
                            KeepNewest = call.Get(_newest),
                            OlderThanDays = call.Get(_days),
                            NotPulledForDays = call.Get(_idle),
                        },
                    ],
                };
        }

        private static Option<string[]> Many(string name, string description) =>
            new(name) { Description = description, AllowMultipleArgumentsPerToken = false };
    }
}
