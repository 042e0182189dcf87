using System.CommandLine;
using System.Text.Json;
using Berth.Client;
using Berth.Client.Wire;

namespace Berth.Cli.Commands;

/// <summary>Rules about tags: which tags cannot move, and who may push which.</summary>
internal static class PushRuleCommands
{
    public static BerthCommand Build() => BerthCommand.Group(
        "rules",
        "Push rules: which tags stay where they are, and who may create, move and delete which. Rules of an account count for all of its "
            + "packages; every rule that covers a tag must allow what is done with it.",
        [
            "berth package rules add acme 'v*' --immutable",
            "berth package rules add acme/app prod --workflow acme/app --ref refs/heads/main --environment production",
            "berth package rules ls acme/app", "berth package rules rm acme/app 7",
        ],
        List(),
        Add(),
        Remove());

    private static BerthCommand List()
    {
        var (target, type) = (Target(), Arguments.Type());
        return BerthCommand.Of(
            "ls",
            "List the push rules that count for a package, or those of an account for all of its packages.",
            ["berth package rules ls acme/app", "berth package rules ls acme --json"],
            [target, type],
            async call => call.PrintList(
                await call.Client.PushRulesAsync(await PlaceAsync(call, target, type), call.CancellationToken),
                "There are no push rules: whoever may push may push every tag.",
                ("ID", rule => $"{rule.Id}"),
                ("OF", rule => rule.Source),
                ("TAGS", rule => rule.Pattern),
                ("IMMUTABLE", rule => rule.Immutable ? "yes" : "no"),
                ("WHO", rule => Who(rule.Allow))));
    }

    private static BerthCommand Add()
    {
        var (target, type) = (Target(), Arguments.Type());
        var pattern = Arguments.Text("PATTERN", "The tags that are meant; * stands for any characters");
        var immutable = new Option<bool>("--immutable") { Description = "Such a tag stays on the version that it is pushed with" };
        var options = new AllowOptions();
        return BerthCommand.Of(
            "add",
            "Add a push rule. Without one of --role, --team, --workflow, --nobody and --file everybody who may push may make such tags.",
            [
                "berth package rules add acme/app 'v*' --immutable", "berth package rules add acme/app prod --role admin --team release",
                "berth package rules add acme/app 'v*' --workflow acme/app --ref 'refs/tags/v*'",
                "berth package rules add acme 'prod-*' --file allow.json",
            ],
            [target, pattern, type, immutable, .. options.All],
            async call =>
            {
                var rule = await call.Client.AddPushRuleAsync(
                    await PlaceAsync(call, target, type),
                    new NewPushRule
                    {
                        Pattern = call.Get(pattern),
                        Immutable = call.Get(immutable) ? true : null,
                        Allow = await options.ReadAsync(call),
                    },
                    call.CancellationToken);
                call.Print(
                    rule,
                    (writer, added) => writer.WriteLine(
                        $"Rule {added.Id}: tags {added.Pattern}{(added.Immutable ? " are immutable;" : ":")} {Who(added.Allow)}"));
            });
    }

    private static BerthCommand Remove()
    {
        var (target, type) = (Target(), Arguments.Type());
        var id = new Argument<long>("ID") { Description = "The number of the rule" };
        return BerthCommand.Of(
            "rm",
            "Take a push rule away.",
            ["berth package rules rm acme/app 7"],
            [target, id, type],
            async call =>
            {
                await call.Client.RemovePushRuleAsync(await PlaceAsync(call, target, type), call.Get(id), call.CancellationToken);
                call.WriteDone($"Removed push rule {call.Get(id)}.");
            });
    }

    private static Argument<string> Target() =>
        Arguments.Text("OWNER[/NAME]", "A package, as owner/name, or an account for all of its packages");

    private static async Task<PushRulePlace> PlaceAsync(CommandCall call, Argument<string> target, Option<string> type)
    {
        var text = call.Get(target);
        return text.Contains('/', StringComparison.Ordinal) ? PushRulePlace.Of(Arguments.Reference(text, call.Get(type)))
            : (await call.Client.UserAsync(call.CancellationToken)).Login.Equals(text, StringComparison.OrdinalIgnoreCase)
                ? PushRulePlace.Own
                : PushRulePlace.OfOrganization(text);
    }

    private static string Who(IReadOnlyList<PushAllowance>? allow) => allow switch
    {
        null => "whoever may push",
        [] => "nobody",
        _ => string.Join(", ", allow.Select(Who)),
    };

    private static string Who(PushAllowance one) =>
        one.Role is not null ? $"role {one.Role}"
        : one.Team is not null ? $"team {one.Team}"
        : $"workflows of {one.Workflow}{(one.Ref is null ? "" : $" on {one.Ref}")}"
            + (one.Environment is null ? "" : $" in {one.Environment}");

    private sealed class AllowOptions
    {
        private readonly Option<string> _role = Arguments.OneOf("--role", "People with this role on the package", "write", "admin");
        private readonly Option<string[]> _teams = new("--team") { Description = "Members of this team of the organization" };
        private readonly Option<string> _workflow = Arguments.Option("--workflow", "Workflows of this repository, owner/name, in CI");
        private readonly Option<string> _ref = Arguments.Option("--ref", "Only runs on this ref: refs/heads/main, 'refs/tags/v*'");
        private readonly Option<string> _environment = Arguments.Option("--environment", "Only runs in this environment");
        private readonly Option<bool> _nobody = new("--nobody") { Description = "Such tags come only by an override" };
        private readonly Option<string> _file = Arguments.Option("--file", "All of it as a JSON list; - is standard input");

        public Symbol[] All => [_role, _teams, _workflow, _ref, _environment, _nobody, _file];

        /// <summary>Null when no option was given.</summary>
        public async Task<IReadOnlyList<PushAllowance>?> ReadAsync(CommandCall call)
        {
            if (call.Get(_file) is { } file)
            {
                return await ReadAsync(call, file);
            }

            List<PushAllowance> allow = [];
            if (call.Get(_role) is { } role)
            {
                allow.Add(new PushAllowance { Role = role });
            }

            allow.AddRange((Arguments.Split(call.Get(_teams)) ?? []).Select(team => new PushAllowance { Team = team }));
            if (call.Get(_workflow) is { } workflow)
            {
                allow.Add(new PushAllowance { Workflow = workflow, Ref = call.Get(_ref), Environment = call.Get(_environment) });
            }
            else if ((call.Get(_ref) ?? call.Get(_environment)) is not null)
            {
                throw new CommandException(ExitCodes.Usage, "--ref and --environment go with --workflow");
            }

            return call.Get(_nobody) || allow.Count > 0 ? allow : null;
        }

        private static async Task<IReadOnlyList<PushAllowance>?> ReadAsync(CommandCall call, string file)
        {
            try
            {
                return JsonSerializer.Deserialize(
                    file == "-"
                        ? await call.Terminal.In.ReadToEndAsync(call.CancellationToken)
                        : await File.ReadAllTextAsync(file, call.CancellationToken),
                    BerthJson.Wire.Of<List<PushAllowance>>());
            }
            catch (JsonException exception)
            {
                throw new CommandException(ExitCodes.Usage, $"{file} is no list of who may push: {exception.Message}");
            }
        }
    }
}
