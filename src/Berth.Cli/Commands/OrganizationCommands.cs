using Berth.Client.Wire;

namespace Berth.Cli.Commands;

/// <summary>Organizations, their members and settings. The commands for teams are in a file of their own.</summary>
internal static class OrganizationCommands
{
    public static BerthCommand Build() => BerthCommand.Group(
        "org",
        "Organizations: members, teams, settings.",
        [
            "berth org member set acme bob", "berth org team create acme core",
            "berth org settings acme --workflows-can-create-packages false",
        ],
        List(),
        Show(),
        Edit(),
        Delete(),
        Settings(),
        BerthCommand.Group(
            "member",
            "Members of an organization.",
            ["berth org member list acme", "berth org member set acme bob --role admin"],
            ListMembers(),
            SetMember(),
            RemoveMember()),
        TeamCommands.Build(),
        CodespacesAccessCommands.Build());

    private static BerthCommand List() => BerthCommand.Of(
        "list",
        "List the organizations that you belong to.",
        ["berth org list"],
        [],
        async call => call.PrintList(
            await call.Client.OrganizationsAsync(call.CancellationToken), "You belong to no organization.",
            ("ORGANIZATION", org => org.Login), ("NAME", org => org.Name)));

    private static BerthCommand Show()
    {
        var org = Arguments.Org();
        return BerthCommand.Of(
            "show",
            "Show an organization; its settings to members.",
            ["berth org show acme"],
            [org],
            async call => call.Print(await call.Client.OrganizationAsync(call.Get(org), call.CancellationToken), Details));
    }

    private static BerthCommand Edit()
    {
        var org = Arguments.Org();
        var name = Arguments.Option("--name", "Its full name");
        var permission = Arguments.OneOf(
            "--base-permission", "What members may do with its repositories without being given anything", "none", "read", "write",
            "admin");
        var create = Arguments.Flag("--members-can-create-repositories", "Whether members may make repositories");
        return BerthCommand.Of(
            "edit",
            "Change an organization.",
            ["berth org edit acme --base-permission none", "berth org edit acme --members-can-create-repositories true"],
            [org, name, permission, create],
            async call => call.Print(
                await call.Client.ChangeOrganizationAsync(
                    call.Get(org),
                    new OrganizationChange
                    {
                        Name = call.Get(name),
                        DefaultRepositoryPermission = call.Get(permission),
                        MembersCanCreateRepositories = call.Get(create),
                    },
                    call.CancellationToken),
                Details));
    }

    private static BerthCommand Delete()
    {
        var org = Arguments.Org();
        var yes = Arguments.Yes();
        return BerthCommand.Of(
            "delete",
            "Delete an organization with its repositories and packages.",
            ["berth org delete acme --yes"],
            [org, yes],
            async call =>
            {
                Arguments.DemandYes(call, yes, $"deleting {call.Get(org)} with all packages");
                await call.Client.DeleteOrganizationAsync(call.Get(org), call.CancellationToken);
                call.WriteDone($"Deleted {call.Get(org)}.");
            });
    }

    private static BerthCommand Settings()
    {
        var org = Arguments.Org();
        var membersPublic = Arguments.Flag(
            "--members-can-create-public-packages", "Whether members may make public packages, and packages public");
        var membersInternal = Arguments.Flag("--members-can-create-internal-packages", "Whether members may make internal packages");
        var membersPrivate = Arguments.Flag("--members-can-create-private-packages", "Whether members may make private packages");
        var workflows = Arguments.Flag("--workflows-can-create-packages", "Whether workflows may make packages");
        var allowed = new System.CommandLine.Option<string[]>("--allowed-visibilities")
        {
            Description = "Visibilities of its packages, separated by commas; private is always one",
        };
        var inherit = Arguments.Flag("--inherit-access-on-link", "Whether a link made by an image's label switches inheritance on");
        var first = Arguments.OneOf(
            "--first-publish-visibility", "What a workflow's first publish takes", "repository", "internal", "private");
        var days = new System.CommandLine.Option<long?>("--personal-token-max-days")
        {
            Description = "How long personal tokens may live that reach its packages; 0 is for ever",
        };
        var unrestricted = Arguments.Flag(
            "--unrestricted-personal-tokens-allowed", "Whether personal tokens reach them that are not narrowed to packages");
        return BerthCommand.Of(
            "settings",
            "Show what an organization lets members and workflows do with packages; with options, change it.",
            [
                "berth org settings acme", "berth org settings acme --members-can-create-public-packages true",
                "berth org settings acme --allowed-visibilities private,internal",
            ],
            [org, membersPublic, membersInternal, membersPrivate, workflows, allowed, inherit, first, days, unrestricted],
            async call =>
            {
                var change = new OrganizationPackageSettingsChange
                {
                    MembersCanCreatePublicPackages = call.Get(membersPublic),
                    MembersCanCreateInternalPackages = call.Get(membersInternal),
                    MembersCanCreatePrivatePackages = call.Get(membersPrivate),
                    WorkflowsCanCreatePackages = call.Get(workflows),
                    AllowedVisibilities = Arguments.Split(call.Get(allowed)),
                    InheritAccessOnLink = call.Get(inherit),
                    FirstPublishVisibility = call.Get(first),
                    PersonalTokenMaxDays = call.Get(days),
                    UnrestrictedPersonalTokensAllowed = call.Get(unrestricted),
                };
                var settings = change == new OrganizationPackageSettingsChange()
                    ? await call.Client.PackageSettingsAsync(call.Get(org), call.CancellationToken)
                    : await call.Client.ChangePackageSettingsAsync(call.Get(org), change, call.CancellationToken);
                call.Print(settings, Details);
            });
    }

    private static BerthCommand ListMembers()
    {
        var org = Arguments.Org();
        return BerthCommand.Of(
            "list",
            "List members; admin means an owner of the organization.",
            ["berth org member list acme"],
            [org],
            async call => call.PrintList(
                await call.Client.MembersAsync(call.Get(org), call.CancellationToken),
                "There are no members.",
                ("LOGIN", member => member.User.Login),
                ("ROLE", member => member.Role)));
    }

    private static BerthCommand SetMember()
    {
        var org = Arguments.Org();
        var login = Arguments.User();
        var role = Arguments.OneOf("--role", "member, or admin for an owner (default member)", "member", "admin");
        return BerthCommand.Of(
            "set",
            "Make somebody a member or an owner.",
            ["berth org member set acme bob", "berth org member set acme bob --role admin"],
            [org, login, role],
            async call => call.Print(
                await call.Client.SetMemberAsync(call.Get(org), call.Get(login), call.Get(role) ?? "member", call.CancellationToken),
                (
                    writer,
                    member) => writer.WriteLine(
                        $"{member.User.Login} is {(member.Role == "admin" ? "an owner" : "a member")} of {member.Organization.Login}")));
    }

    private static BerthCommand RemoveMember()
    {
        var org = Arguments.Org();
        var login = Arguments.User();
        return BerthCommand.Of(
            "remove",
            "Remove somebody, with their teams, roles on repositories and grants on packages of the organization.",
            ["berth org member remove acme bob"],
            [org, login],
            async call =>
            {
                await call.Client.RemoveMemberAsync(call.Get(org), call.Get(login), call.CancellationToken);
                call.WriteDone($"{call.Get(login)} is no longer a member of {call.Get(org)}.");
            });
    }

    private static void Details(TextWriter writer, Organization org) => CommandCall.Details(
        writer,
        ("Organization", org.Login),
        ("Name", org.Name),
        ("Base permission", org.DefaultRepositoryPermission),
        ("Members can create repositories", org.MembersCanCreateRepositories is { } can ? can ? "yes" : "no" : null),
        ("Id", org.Id));

    private static void Details(TextWriter writer, OrganizationPackageSettings settings)
    {
        static string Word(bool flag) => flag ? "yes" : "no";
        CommandCall.Details(
            writer,
            ("Members can create public packages", Word(settings.MembersCanCreatePublicPackages)),
            ("Members can create internal packages", Word(settings.MembersCanCreateInternalPackages)),
            ("Members can create private packages", Word(settings.MembersCanCreatePrivatePackages)),
            ("Workflows can create packages", Word(settings.WorkflowsCanCreatePackages)),
            ("Allowed visibilities", string.Join(", ", settings.AllowedVisibilities)),
            ("A label's link inherits access", Word(settings.InheritAccessOnLink)),
            (
                "A workflow's first publish is",
                settings.FirstPublishVisibility == "repository" ? "as its repository" : settings.FirstPublishVisibility),
            ("Personal tokens live at most", settings.PersonalTokenMaxDays is { } days ? $"{days} days" : "for ever"),
            ("Personal tokens for all packages", settings.UnrestrictedPersonalTokensAllowed ? "taken" : "not taken"));
    }
}
