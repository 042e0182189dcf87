using System.CommandLine;
using Berth.Client;
using Berth.Client.Wire;

namespace Berth.Cli.Commands;

/// <summary>Who has access to a package, and why.</summary>
internal static class PackageAccessCommands
{
    public static BerthCommand Build() => BerthCommand.Group(
        "access",
        "Who may use a package, and where that comes from.",
        [
            "berth package access ls acme/app",
            "berth package access grant acme/app --codespaces acme/other",
        ],
        List(),
        Grant(),
        Revoke());

    private static BerthCommand List()
    {
        var package = Arguments.Package();
        var type = Arguments.Type();
        return BerthCommand.Of(
            "ls",
            "List everything that gives access to a package, with where it comes from.",
            ["berth package access ls acme/app"],
            [package, type],
            async call =>
            {
                var access = await call.Client.PackageAccessAsync(
                    Arguments.Reference(call.Get(package), call.Get(type)), call.CancellationToken);
                if (call.Json)
                {
                    call.Print(access, (_, _) => { });
                    return;
                }

                List<(string Kind, AccessEntry Entry)> all =
                [
                    .. access.Implied.Select(entry => ("-", entry)),
                    .. access.Inherited.Select(entry => ("inherited", entry)),
                    .. access.Users.Select(entry => ("user", entry)),
                    .. access.Teams.Select(entry => ("team", entry)),
                    .. access.Actions.Select(entry => ("actions", entry)),
                    .. access.Codespaces.Select(entry => ("codespaces", entry)),
                ];
                call.PrintList(
                    all, "Nobody.", ("KIND", row => row.Kind), ("WHO", row => row.Entry.Name), ("ROLE", row => row.Entry.Role),
                    ("WHERE FROM", row => row.Entry.Source));
            });
    }

    private static BerthCommand Grant()
    {
        var package = Arguments.Package();
        var type = Arguments.Type();
        var target = new Target();
        var role = Arguments.OneOf("--role", "The role; the Codespaces list has none", Arguments.PackageRoles);
        return BerthCommand.Of(
            "grant",
            "Give somebody, a team, or a repository's workflows or codespaces access to a package.",
            [
                "berth package access grant acme/app --user ada --role write",
                "berth package access grant acme/app --team core --role read",
                "berth package access grant acme/app --actions acme/app --role write",
                "berth package access grant acme/app --codespaces acme/other",
            ],
            [package, .. target.All, role, type],
            async call =>
            {
                var (kind, name) = target.Read(call);
                if (kind != "codespaces" && call.Get(role) is null)
                {
                    throw new CommandException(ExitCodes.Usage, "--role is missing: read, write or admin");
                }

                if (kind == "codespaces" && call.Get(role) is not (null or "read"))
                {
                    throw new CommandException(ExitCodes.Usage, "codespaces only ever pull: leave --role out");
                }

                await call.Client.GrantAsync(
                    Arguments.Reference(call.Get(package), call.Get(type)), kind, name, call.Get(role), call.CancellationToken);
                call.WriteDone(
                    kind == "codespaces"
                        ? $"Codespaces of {name} may pull {call.Get(package)}."
                        : $"{name} has {call.Get(role)} on {call.Get(package)}.");
            });
    }

    private static BerthCommand Revoke()
    {
        var package = Arguments.Package();
        var type = Arguments.Type();
        var target = new Target();
        return BerthCommand.Of(
            "revoke",
            "Take an entry off again.",
            ["berth package access revoke acme/app --user ada", "berth package access revoke acme/app --codespaces acme/other"],
            [package, .. target.All, type],
            async call =>
            {
                var (kind, name) = target.Read(call);
                await call.Client.RevokeAsync(Arguments.Reference(call.Get(package), call.Get(type)), kind, name, call.CancellationToken);
                call.WriteDone($"{name} has no entry of its own on {call.Get(package)} any more.");
            });
    }

    public static BerthCommand Explain()
    {
        var package = Arguments.Package();
        var type = Arguments.Type();
        var user = Arguments.Option("--user", "A user's login");
        var workflow = Arguments.Option("--workflow", "Workflows of a repository, owner/name");
        var codespace = Arguments.Option(
            "--codespace", "A codespace's name, or owner/name for a codespace of that repository that you would create");
        var action = Arguments.OneOf("--action", "What they want to do", "pull", "push", "delete");
        action.DefaultValueFactory = _ => "pull";
        var tag = Arguments.Option("--tag", "The tag that they want to push, move or delete");
        var gitRef = Arguments.Option("--ref", "Of a workflow: the ref that it runs on, such as refs/heads/main");
        var environment = Arguments.Option("--environment", "Of a workflow: the environment that it runs in");
        return BerthCommand.Of(
            "explain",
            "Say whether somebody may do something with a package, and which rules decide it.",
            [
                "berth package explain acme/app --user bob --action push",
                "berth package explain acme/app --workflow acme/app --action push --tag prod --ref refs/heads/main",
                "berth package explain acme/app --codespace acme/other",
            ],
            [package, user, workflow, codespace, action, tag, gitRef, environment, type],
            async call =>
            {
                var asked = new[] { ("user", call.Get(user)), ("workflow", call.Get(workflow)), ("codespace", call.Get(codespace)) }
                    .Where(pair => pair.Item2 is not null)
                    .ToArray();
                if (asked.Length > 1)
                {
                    throw new CommandException(ExitCodes.Usage, "ask about one of --user, --workflow and --codespace at a time");
                }

                var (kind, name) = asked.Length == 0 ? (null, null) : asked[0];
                var explanation = await call.Client.ExplainAsync(
                    Arguments.Reference(call.Get(package), call.Get(type)), kind, name, call.Get(action)!,
                    new ExplainedChange(call.Get(tag), call.Get(gitRef), call.Get(environment)), call.CancellationToken);
                call.Print(explanation, Show);
            });
    }

    private static void Show(TextWriter writer, Explanation explanation)
    {
        writer.WriteLine(
            $"{explanation.Principal} {(explanation.Allowed ? "may" : "may not")} {explanation.Action} {explanation.Package}"
                + $"{(explanation.Tag is null ? "" : ":" + explanation.Tag)}: "
                + $"{explanation.Reason}");
        foreach (var rule in explanation.Rules)
        {
            writer.WriteLine($"  {(rule.Holds ? "yes" : "no "),-3} {rule.Rule}");
        }

        if (explanation.Remedy is not null)
        {
            writer.WriteLine(explanation.Remedy);
        }
    }

    /// <summary>One of the four kinds that access can be given to.</summary>
    private sealed class Target
    {
        private readonly Option<string> _user = Arguments.Option("--user", "A user's login");
        private readonly Option<string> _team = Arguments.Option("--team", "A team's slug");
        private readonly Option<string> _actions = Arguments.Option("--actions", "A repository, owner/name: its workflows");
        private readonly Option<string> _codespaces = Arguments.Option("--codespaces", "A repository, owner/name: its codespaces");

        public Symbol[] All => [_user, _team, _actions, _codespaces];

        public (string Kind, string Name) Read(CommandCall call)
        {
            var given = new[]
            {
                ("users", call.Get(_user)),
                ("teams", call.Get(_team)),
                ("actions", call.Get(_actions)),
                ("codespaces", call.Get(_codespaces)),
            }
                .Where(pair => pair.Item2 is not null).ToArray();
            return given is [var (kind, name)]
                ? (kind, name!)
                : throw new CommandException(ExitCodes.Usage, "say one of --user, --team, --actions and --codespaces");
        }
    }
}
