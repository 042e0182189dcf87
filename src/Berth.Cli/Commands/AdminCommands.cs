using System.CommandLine;
using Berth.Client.Wire;

namespace Berth.Cli.Commands;

/// <summary>Site administration: accounts and their tokens.</summary>
internal static class AdminCommands
{
    public static BerthCommand Build() => BerthCommand.Group(
        "admin",
        "Administer the site: users, organizations, tokens of others. Needs a site administrator's token.",
        ["berth admin user create ada --email ada@example.test", "berth admin org create acme --owner ada"],
        BerthCommand.Group(
            "user",
            "Users of the site.",
            ["berth admin user create ada", "berth admin user list"],
            CreateUser(),
            ListUsers(),
            EditUser(),
            DeleteUser()),
        BerthCommand.Group("org", "Organizations of the site.", ["berth admin org create acme --owner ada"], CreateOrganization()),
        BerthCommand.Group(
            "token",
            "Tokens of other users.",
            ["berth admin token create ada --scopes repo,write:packages", "berth admin token revoke ada --yes"],
            CreateToken(),
            Revoke()),
        GarbageCollectionCommand.Build(),
        KeyRotationCommand.Build());

    private static BerthCommand CreateUser()
    {
        var login = Arguments.User();
        var email = Arguments.Option("--email", "The user's address");
        var name = Arguments.Option("--name", "The user's full name");
        return BerthCommand.Of(
            "create",
            "Make a user.",
            ["berth admin user create ada --email ada@example.test --name \"Ada L.\""],
            [login, email, name],
            async call => call.Print(
                await call.Client.CreateUserAsync(
                    new NewUser { Login = call.Get(login)!, Email = call.Get(email), Name = call.Get(name) }, call.CancellationToken),
                (writer, user) => writer.WriteLine(user.Login)));
    }

    private static BerthCommand ListUsers() => BerthCommand.Of(
        "list",
        "List all users.",
        ["berth admin user list", "berth admin user list --json"],
        [],
        async call => call.PrintList(
            await call.Client.UsersAsync(call.CancellationToken),
            "There are no users.",
            ("LOGIN", user => user.Login),
            ("ID", user => $"{user.Id}"),
            ("SITE ADMIN", user => user.SiteAdmin ? "yes" : "")));

    private static BerthCommand EditUser()
    {
        var login = Arguments.User();
        var siteAdmin = new Option<bool>("--site-admin")
        {
            Description = "Whether the user administers the site",
            HelpName = "true|false",
            Required = true,
        };
        return BerthCommand.Of(
            "edit",
            "Make a user a site administrator, or one no longer.",
            ["berth admin user edit ada --site-admin true"],
            [login, siteAdmin],
            async call =>
            {
                await call.Client.SetSiteAdminAsync(call.Get(login), call.Get(siteAdmin), call.CancellationToken);
                call.WriteDone($"{call.Get(login)} is {(call.Get(siteAdmin) ? "" : "no longer ")}a site administrator.");
            });
    }

    private static BerthCommand DeleteUser()
    {
        var login = Arguments.User();
        var yes = Arguments.Yes();
        return BerthCommand.Of(
            "delete",
            "Delete a user with everything that belongs to them: repositories, packages, tokens.",
            ["berth admin user delete ada --yes"],
            [login, yes],
            async call =>
            {
                Arguments.DemandYes(call, yes, $"deleting {call.Get(login)} with all packages");
                await call.Client.DeleteUserAsync(call.Get(login), call.CancellationToken);
                call.WriteDone($"Deleted {call.Get(login)}.");
            });
    }

    private static BerthCommand CreateOrganization()
    {
        var login = Arguments.Org();
        var owner = new Option<string>("--owner") { Description = "The login of its first owner", Required = true };
        var name = Arguments.Option("--name", "Its full name");
        return BerthCommand.Of(
            "create",
            "Make an organization.",
            ["berth admin org create acme --owner ada"],
            [login, owner, name],
            async call => call.Print(
                await call.Client.CreateOrganizationAsync(
                    new NewOrganization { Login = call.Get(login)!, Admin = call.Get(owner)!, ProfileName = call.Get(name) },
                    call.CancellationToken),
                (writer, organization) => writer.WriteLine(organization.Login)));
    }

    private static BerthCommand CreateToken()
    {
        var login = Arguments.User();
        var options = new TokenCommands.TokenOptions();
        return BerthCommand.Of(
            "create",
            "Make a token of another user and print it. It is shown this once.",
            [
                "berth admin token create ada --scopes repo,write:packages --note laptop > ada-token",
                "berth admin token create ada --scopes read:packages --expires 30d",
            ],
            [login, .. options.All],
            async call => call.Print(
                await call.Client.AuthorizeAsync(call.Get(login), options.Read(call), call.CancellationToken), TokenCommands.ShowValue));
    }

    private static BerthCommand Revoke()
    {
        var login = Arguments.User();
        var yes = Arguments.Yes();
        return BerthCommand.Of(
            "revoke",
            "End every personal and workflow token of a user at once.",
            ["berth admin token revoke ada --yes"],
            [login, yes],
            async call =>
            {
                Arguments.DemandYes(call, yes, $"ending all tokens of {call.Get(login)}");
                await call.Client.RevokeAsync(call.Get(login), call.CancellationToken);
                call.WriteDone($"All tokens of {call.Get(login)} have ended.");
            });
    }
}
