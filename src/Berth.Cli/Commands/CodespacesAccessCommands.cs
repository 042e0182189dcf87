using System.CommandLine;
using Berth.Client.Wire;

namespace Berth.Cli.Commands;

/// <summary>Who may have codespaces of an organization's repositories.</summary>
internal static class CodespacesAccessCommands
{
    private static readonly string[] Visibilities =
        [
            "disabled", "selected_members", "all_members", "all_members_and_outside_collaborators",
        ];

    public static BerthCommand Build() => BerthCommand.Group(
        "codespaces-access",
        "Who may have codespaces of an organization's repositories.",
        ["berth org codespaces-access show acme", "berth org codespaces-access set acme selected_members --users bob,carol"],
        Show(),
        Set(),
        Change(
            "add", "Let more members have codespaces.",
            (call, org, logins) => call.Client.SelectCodespacesUsersAsync(org, logins, call.CancellationToken)),
        Change(
            "remove", "Let members have codespaces no longer.",
            (call, org, logins) => call.Client.UnselectCodespacesUsersAsync(org, logins, call.CancellationToken)));

    private static BerthCommand Show()
    {
        var org = Arguments.Org();
        return BerthCommand.Of(
            "show",
            "Show who may.",
            ["berth org codespaces-access show acme"],
            [org],
            async call => call.Print(await call.Client.CodespacesAccessAsync(call.Get(org), call.CancellationToken), Details));
    }

    private static BerthCommand Set()
    {
        var org = Arguments.Org();
        var who = Arguments.Text("WHO", "One of: " + string.Join(", ", Visibilities));
        who.AcceptOnlyFromAmong(Visibilities);
        var users = new Option<string[]>("--users")
        {
            Description = "With selected_members: exactly these members, separated by commas",
            HelpName = "LOGIN,…",
        };
        return BerthCommand.Of(
            "set",
            "Settle who may. Counts when a codespace is created and at its next start.",
            ["berth org codespaces-access set acme all_members", "berth org codespaces-access set acme selected_members --users bob,carol"],
            [org, who, users],
            async call =>
            {
                await call.Client.SetCodespacesAccessAsync(
                    call.Get(org),
                    new CodespacesAccess { Visibility = call.Get(who)!, SelectedUsernames = Arguments.Split(call.Get(users)) },
                    call.CancellationToken);
                call.Print(await call.Client.CodespacesAccessAsync(call.Get(org), call.CancellationToken), Details);
            });
    }

    private static BerthCommand Change(string verb, string description, Func<CommandCall, string, List<string>, Task> change)
    {
        var org = Arguments.Org();
        var logins = new Argument<string[]>("LOGIN") { Description = "Members", Arity = ArgumentArity.OneOrMore };
        return BerthCommand.Of(
            verb,
            description,
            [$"berth org codespaces-access {verb} acme bob carol"],
            [org, logins],
            async call =>
            {
                await change(call, call.Get(org), Arguments.Split(call.Get(logins)) ?? []);
                call.Print(await call.Client.CodespacesAccessAsync(call.Get(org), call.CancellationToken), Details);
            });
    }

    private static void Details(TextWriter writer, CodespacesAccess access) => CommandCall.Details(
        writer,
        ("Who may", access.Visibility),
        ("Selected", access.SelectedUsernames is { Count: > 0 } users ? string.Join(", ", users) : null));
}
