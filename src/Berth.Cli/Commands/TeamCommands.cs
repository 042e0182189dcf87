using Berth.Client.Wire;

namespace Berth.Cli.Commands;

/// <summary>Teams, their members and repositories.</summary>
internal static class TeamCommands
{
    public static BerthCommand Build() => BerthCommand.Group(
        "team",
        "Teams of an organization.",
        [
            "berth org team create acme core", "berth org team member set acme core bob",
            "berth org team repo set acme core acme/app --role write",
        ],
        List(),
        Create(),
        Edit(),
        Delete(),
        BerthCommand.Group(
            "member", "Members of a team.", ["berth org team member set acme core bob"], ListMembers(), SetMember(), RemoveMember()),
        BerthCommand.Group(
            "repo", "What a team may do with repositories.", ["berth org team repo set acme core acme/app --role write"],
            ListRepositories(), SetRepository(), RemoveRepository()));

    private static System.CommandLine.Argument<string> Team() => Arguments.Text("TEAM", "The team's slug, from berth org team list");

    private static BerthCommand List()
    {
        var org = Arguments.Org();
        return BerthCommand.Of(
            "list",
            "List teams.",
            ["berth org team list acme"],
            [org],
            async call => call.PrintList(
                await call.Client.TeamsAsync(call.Get(org), call.CancellationToken),
                "There are no teams.",
                ("TEAM", team => team.Slug),
                ("NAME", team => team.Name),
                ("DESCRIPTION", team => team.Description)));
    }

    private static BerthCommand Create()
    {
        var org = Arguments.Org();
        var name = Arguments.Text("NAME", "Its name; the slug is made from it");
        var description = Arguments.Option("--description", "What it is for");
        return BerthCommand.Of(
            "create",
            "Make a team and print its slug.",
            ["berth org team create acme \"Core Team\""],
            [org, name, description],
            async call => call.Print(
                await call.Client.CreateTeamAsync(
                    call.Get(org), new TeamChange { Name = call.Get(name), Description = call.Get(description) }, call.CancellationToken),
                (writer, team) => writer.WriteLine(team.Slug)));
    }

    private static BerthCommand Edit()
    {
        var org = Arguments.Org();
        var team = Team();
        var name = Arguments.Option("--name", "Its new name; the slug changes with it");
        var description = Arguments.Option("--description", "What it is for");
        return BerthCommand.Of(
            "edit",
            "Change a team.",
            ["berth org team edit acme core --name kernel"],
            [org, team, name, description],
            async call => call.Print(
                await call.Client.ChangeTeamAsync(
                    call.Get(org), call.Get(team), new TeamChange { Name = call.Get(name), Description = call.Get(description) },
                    call.CancellationToken),
                (writer, changed) => writer.WriteLine(changed.Slug)));
    }

    private static BerthCommand Delete()
    {
        var org = Arguments.Org();
        var team = Team();
        var yes = Arguments.Yes();
        return BerthCommand.Of(
            "delete",
            "Delete a team with all that was given to it.",
            ["berth org team delete acme core --yes"],
            [org, team, yes],
            async call =>
            {
                Arguments.DemandYes(call, yes, $"deleting the team {call.Get(team)}");
                await call.Client.DeleteTeamAsync(call.Get(org), call.Get(team), call.CancellationToken);
                call.WriteDone($"Deleted {call.Get(team)}.");
            });
    }

    private static BerthCommand ListMembers()
    {
        var org = Arguments.Org();
        var team = Team();
        return BerthCommand.Of(
            "list",
            "List a team's members.",
            ["berth org team member list acme core"],
            [org, team],
            async call => call.PrintList(
                await call.Client.TeamMembersAsync(call.Get(org), call.Get(team), call.CancellationToken), "There are no members.",
                ("LOGIN", member => member.Login)));
    }

    private static BerthCommand SetMember()
    {
        var org = Arguments.Org();
        var team = Team();
        var login = Arguments.User();
        var role = Arguments.OneOf("--role", "The role in the team (default member)", "member", "maintainer");
        return BerthCommand.Of(
            "set",
            "Put a member of the organization into a team.",
            ["berth org team member set acme core bob"],
            [org, team, login, role],
            async call =>
            {
                await call.Client.SetTeamMemberAsync(
                    call.Get(org), call.Get(team), call.Get(login), call.Get(role) ?? "member", call.CancellationToken);
                call.WriteDone($"{call.Get(login)} is in {call.Get(team)}.");
            });
    }

    private static BerthCommand RemoveMember()
    {
        var org = Arguments.Org();
        var team = Team();
        var login = Arguments.User();
        return BerthCommand.Of(
            "remove",
            "Take somebody out of a team.",
            ["berth org team member remove acme core bob"],
            [org, team, login],
            async call =>
            {
                await call.Client.RemoveTeamMemberAsync(call.Get(org), call.Get(team), call.Get(login), call.CancellationToken);
                call.WriteDone($"{call.Get(login)} is no longer in {call.Get(team)}.");
            });
    }

    private static BerthCommand ListRepositories()
    {
        var org = Arguments.Org();
        var team = Team();
        return BerthCommand.Of(
            "list",
            "List the repositories on which a team has a role.",
            ["berth org team repo list acme core"],
            [org, team],
            async call => call.PrintList(
                await call.Client.TeamRepositoriesAsync(call.Get(org), call.Get(team), call.CancellationToken),
                "There are no repositories.",
                ("REPOSITORY", repository => repository.FullName),
                ("ROLE", repository => repository.RoleName)));
    }

    private static BerthCommand SetRepository()
    {
        var org = Arguments.Org();
        var team = Team();
        var repository = Arguments.Repository();
        var role = Arguments.OneOf("--role", "The role (default read)", Arguments.RepositoryRoles);
        return BerthCommand.Of(
            "set",
            "Give a team a role on a repository of its organization.",
            ["berth org team repo set acme core acme/app --role write"],
            [org, team, repository, role],
            async call =>
            {
                await call.Client.SetTeamRepositoryAsync(
                    call.Get(org), call.Get(team), call.Get(repository), call.Get(role) ?? "read", call.CancellationToken);
                call.WriteDone($"{call.Get(team)} has {call.Get(role) ?? "read"} on {call.Get(repository)}.");
            });
    }

    private static BerthCommand RemoveRepository()
    {
        var org = Arguments.Org();
        var team = Team();
        var repository = Arguments.Repository();
        return BerthCommand.Of(
            "remove",
            "Take a team's role on a repository away.",
            ["berth org team repo remove acme core acme/app"],
            [org, team, repository],
            async call =>
            {
                await call.Client.RemoveTeamRepositoryAsync(call.Get(org), call.Get(team), call.Get(repository), call.CancellationToken);
                call.WriteDone($"{call.Get(team)} has no role on {call.Get(repository)}.");
            });
    }
}
