using System.Net;
using Berth.Tests.TestServer;
using Berth.Tests.Tokens;

namespace Berth.Tests.Npm;

/// <summary>
/// <c>npm org</c>, <c>team</c> and <c>access</c> with npm's own requests. The table of routes says who is let in. This tests the results,
/// and who is let in by the contents of a body.
/// </summary>
public sealed class NpmTeamTests(SharedServer shared)
{
    private static readonly string[] Changes = ["org.add_member", "org.update_member", "org.remove_member"];

    [Fact]
    public async Task Teams_are_made_filled_emptied_and_removed()
    {
        var (ada, bob, acme) = await AcmeAsync();
        Assert.Equal(HttpStatusCode.Created, (await ada.CallAsync("PUT", $"/npm/-/org/{acme}/team", """{"name":"Core Crew"}""")).Status);
        Assert.Equal($"{acme}:core-crew", Joined(await ada.CallAsync("GET", $"/npm/-/org/{acme}/team?format=cli")));
        var people = $"/npm/-/team/{acme}/core-crew/user";
        Assert.Equal(HttpStatusCode.Created, (await ada.CallAsync("PUT", people, $$"""{"user":"{{bob.Login}}"}""")).Status);
        Assert.Equal(bob.Login, Joined(await bob.CallAsync("GET", people)));
        Assert.Equal(bob.Login, (await ada.GetAsync($"/orgs/{acme}/teams/core-crew/members")).Json[0].GetProperty("login").GetString());

        // Bob may remove only himself.
        Assert.Equal(HttpStatusCode.Forbidden, (await bob.CallAsync("DELETE", people, $$"""{"user":"{{ada.Login}}"}""")).Status);
        Assert.Equal(HttpStatusCode.OK, (await bob.CallAsync("DELETE", people, $$"""{"user":"{{bob.Login}}"}""")).Status);
        Assert.Equal("", Joined(await ada.CallAsync("GET", people)));
        Assert.Equal(HttpStatusCode.OK, (await ada.CallAsync("DELETE", $"/npm/-/team/{acme}/core-crew")).Status);
        Assert.Equal("", Joined(await ada.CallAsync("GET", $"/npm/-/org/{acme}/team")));
        Assert.Equal(
            ["team.create", "team.add_member", "team.remove_member", "team.destroy"], await ActionsAsync(ada, acme, "team."));
    }

    [Theory]
    [InlineData("""{}""", HttpStatusCode.BadRequest, "no name")]
    [InlineData("""{"name":"!!"}""", HttpStatusCode.BadRequest, "needs a letter")]
    [InlineData("""{"name":"a\u0000b"}""", HttpStatusCode.BadRequest, "control character")]
    [InlineData("""{"name":"x","description":"\u0000"}""", HttpStatusCode.BadRequest, "description")]
    [InlineData("""{"name":"there"}""", HttpStatusCode.UnprocessableEntity, "there is a team there already")]
    [InlineData("""[]""", HttpStatusCode.BadRequest, "no name")]
    [InlineData("""{""", HttpStatusCode.BadRequest, "not JSON")]
    public async Task A_team_that_cannot_be_made_is_refused_with_words(string body, HttpStatusCode status, string says)
    {
        var (ada, _, acme) = await AcmeAsync();
        await ada.CallAsync("PUT", $"/npm/-/org/{acme}/team", """{"name":"there"}""");
        var refused = await ada.CallAsync("PUT", $"/npm/-/org/{acme}/team", body);
        Assert.Equal(status, refused.Status);
        Assert.Contains(says, refused.Error(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task People_come_rise_and_go_and_an_owner_stays()
    {
        var (ada, bob, acme) = await AcmeAsync();
        var people = $"/npm/-/org/{acme}/user";
        var eve = await shared.Server.UserAsync("eve");
        var added = await ada.CallAsync("PUT", people, $$"""{"user":"{{eve.Login}}"}""");
        Assert.Equal(
            (eve.Login, "developer", acme, 3L),
            (added["user"].GetString(), added["role"].GetString(), added["org"].GetProperty("name").GetString(),
                added["org"].GetProperty("size").GetInt64()));
        await ada.CallAsync("PUT", people, $$"""{"user":"{{eve.Login}}","role":"owner"}""");
        var roster = (await bob.CallAsync("GET", people)).Json;
        Assert.Equal(
            ("owner", "developer", "owner"),
            (roster.GetProperty(ada.Login).GetString(), roster.GetProperty(bob.Login).GetString(),
                roster.GetProperty(eve.Login).GetString()));

        Assert.Equal(HttpStatusCode.Forbidden, (await bob.CallAsync("DELETE", people, $$"""{"user":"{{eve.Login}}"}""")).Status);
        Assert.Equal(HttpStatusCode.OK, (await eve.CallAsync("DELETE", people, $$"""{"user":"{{eve.Login}}"}""")).Status);
        Assert.Equal(HttpStatusCode.OK, (await ada.CallAsync("DELETE", people, $$"""{"user":"{{bob.Login}}"}""")).Status);
        var last = await ada.CallAsync("DELETE", people, $$"""{"user":"{{ada.Login}}"}""");
        Assert.Equal(HttpStatusCode.UnprocessableEntity, last.Status);
        Assert.Contains("is the last owner", last.Error(), StringComparison.Ordinal);
        var admin = await ada.CallAsync("PUT", people, $$"""{"user":"{{bob.Login}}","role":"admin"}""");
        Assert.Equal(HttpStatusCode.BadRequest, admin.Status);
        Assert.Equal(
            HttpStatusCode.NotFound, (await ada.CallAsync("PUT", people, """{"user":"no body\u0000"}""")).Status);
        Assert.Equal([Changes[0], Changes[0], Changes[1], Changes[2], Changes[2]], await ActionsAsync(ada, acme, "org."));
    }

    [Fact]
    public async Task A_team_gets_a_package_and_loses_it()
    {
        var (ada, bob, acme) = await AcmeAsync();
        await ada.PublishAsync($"@{acme}/lib");
        await ada.CallAsync("PUT", $"/npm/-/org/{acme}/team", """{"name":"core"}""");
        await ada.CallAsync("PUT", $"/npm/-/team/{acme}/core/user", $$"""{"user":"{{bob.Login}}"}""");
        var packages = $"/npm/-/team/{acme}/core/package";
        Assert.Equal(HttpStatusCode.NotFound, (await bob.CallAsync("GET", NpmRequests.Path($"@{acme}/lib"))).Status);
        foreach (var (word, publishes) in new[] { ("read-only", HttpStatusCode.Forbidden), ("read-write", HttpStatusCode.Created) })
        {
            var granted = await ada.CallAsync("PUT", packages, $$"""{"package":"@{{acme}}/lib","permissions":"{{word}}"}""");
            Assert.Equal(HttpStatusCode.OK, granted.Status);
            Assert.Equal(word, (await bob.CallAsync("GET", packages))[$"@{acme}/lib"].GetString());
            Assert.Equal(publishes, (await bob.PublishAsync($"@{acme}/lib", "2.0.0")).Status);
        }

        Assert.Equal(HttpStatusCode.OK, (await ada.CallAsync("DELETE", packages, $$"""{"package":"@{{acme}}/lib"}""")).Status);
        Assert.Equal(HttpStatusCode.NotFound, (await bob.CallAsync("GET", NpmRequests.Path($"@{acme}/lib"))).Status);
        Assert.Equal("{}", (await bob.CallAsync("GET", packages)).Body);
        Assert.Equal(
            HttpStatusCode.NotFound, (await ada.CallAsync("DELETE", packages, $$"""{"package":"@{{acme}}/lib"}""")).Status);
        Assert.Equal(HttpStatusCode.BadRequest, (await ada.CallAsync("GET", $"/npm/-/team/{acme}/none/package")).Status);
    }

    [Fact]
    public async Task What_a_package_inherits_is_not_granted_beside_and_is_listed()
    {
        var (ada, _, acme) = await AcmeAsync();
        var app = await ada.RepositoryAsync(acme);
        await ada.DoAsync("PUT", $"/orgs/{acme}/packages/npm/lib", $$"""{"repository":"{{app}}","inherit_access":true}""");
        await ada.CallAsync("PUT", $"/npm/-/org/{acme}/team", """{"name":"core"}""");
        await ada.DoAsync("PUT", $"/orgs/{acme}/teams/core/repos/{app}", """{"permission":"maintain"}""");
        var packages = $"/npm/-/team/{acme}/core/package";
        var locked = await ada.CallAsync("PUT", packages, $$"""{"package":"@{{acme}}/lib","permissions":"read-only"}""");
        Assert.Equal(HttpStatusCode.UnprocessableEntity, locked.Status);
        Assert.Contains("inherits its access from", locked.Error(), StringComparison.Ordinal);
        Assert.Equal("read-write", (await ada.CallAsync("GET", packages))[$"@{acme}/lib"].GetString());
    }

    /// <summary>The body names the package, so the gate cannot have decided.</summary>
    [Fact]
    public async Task Who_may_grant_is_who_manages_the_package()
    {
        var (ada, bob, acme) = await AcmeAsync();
        var app = await ada.RepositoryAsync(acme);
        await ada.PublishAsync($"@{acme}/lib");
        await ada.CallAsync("PUT", $"/npm/-/org/{acme}/team", """{"name":"core"}""");
        var manager = await shared.Server.UserAsync("manager");
        var reader = await shared.Server.UserAsync("reader");
        await ada.DoAsync("PUT", $"/orgs/{acme}/packages/npm/lib/access/users/{manager.Login}", """{"role":"admin"}""");
        await ada.DoAsync("PUT", $"/orgs/{acme}/packages/npm/lib/access/users/{reader.Login}", """{"role":"read"}""");
        foreach (var (who, caller, status) in new[]
        {
            ("nobody", shared.Server.Nobody(), 401),
            ("an outsider", await shared.Server.UserAsync("outsider"), 404),
            ("a member", bob, 404),
            ("a reader", reader, 403),
            ("an admin of the package from outside", manager, 200),
            ("an owner", ada, 200),
            ("a workflow", await ada.WorkflowAsync(app), 403),
            ("a codespace", await CodespaceTokens.CreateAsync(ada, app), 403),
            ("the owner with a token that reads", await ada.WithTokenAsync("read:packages"), 403),
            ("the owner with a token for the package", await ada.WithTokenAsync("write:packages", $"{acme}/lib"), 200),
            ("the owner with a token for another", await ada.WithTokenAsync("write:packages", $"{acme}/other"), 404),
        })
        {
            var body = $$"""{"package":"@{{acme}}/lib","permissions":"read-only"}""";
            var reply = await caller.CallAsync("PUT", $"/npm/-/team/{acme}/core/package", body);
            Assert.True((int)reply.Status == status, $"{who}: {(int)reply.Status} {reply.Body}");
        }

        var other = await ada.CallAsync(
            "PUT", $"/npm/-/team/{acme}/core/package", $$"""{"package":"@{{ada.Login}}/lib","permissions":"read-only"}""");
        Assert.Equal(HttpStatusCode.BadRequest, other.Status);
    }

    [Fact]
    public async Task A_package_is_opened_and_closed_as_far_as_its_owner_lets_it()
    {
        var (ada, _, acme) = await AcmeAsync();
        await ada.PublishAsync($"@{acme}/lib");
        var package = $"/npm/-/package/@{acme}%2flib/";
        foreach (var (word, isPublic) in new[] { ("public", true), ("restricted", false) })
        {
            Assert.Equal(HttpStatusCode.OK, (await ada.CallAsync("POST", package + "access", $$"""{"access":"{{word}}"}""")).Status);
            Assert.Equal(isPublic, (await ada.CallAsync("GET", package + "visibility"))["public"].GetBoolean());
        }

        await ada.DoAsync("PATCH", $"/orgs/{acme}/settings/packages", """{"allowed_visibilities":["private"]}""");
        var refused = await ada.CallAsync("POST", package + "access", """{"access":"public"}""");
        Assert.Equal(HttpStatusCode.UnprocessableEntity, refused.Status);
        Assert.Contains("do not allow public packages", refused.Error(), StringComparison.Ordinal);
        var factor = await ada.CallAsync("POST", package + "access", """{"publish_requires_tfa":true}""");
        Assert.Equal(HttpStatusCode.BadRequest, factor.Status);
        Assert.Contains("no second factors", factor.Error(), StringComparison.Ordinal);
    }

    /// <summary>An organization with a name in lower case, which scopes need, with an owner and a member.</summary>
    private async Task<(Person Ada, Person Bob, string Acme)> AcmeAsync()
    {
        var (ada, bob) = (await shared.Server.UserAsync(), await shared.Server.UserAsync("bob"));
        var acme = await ada.OrganizationAsync();
        await ada.DoAsync("PUT", $"/orgs/{acme}/memberships/{bob.Login}", """{"role":"member"}""");
        return (ada, bob, acme);
    }

    /// <summary>The actions, the oldest first.</summary>
    private static async Task<IReadOnlyList<string>> ActionsAsync(Person owner, string acme, string beginning) =>
    [
        .. (await owner.DoAsync("GET", $"/orgs/{acme}/audit-log?order=asc&per_page=100")).Json.EnumerateArray()
            .Select(entry => entry.GetProperty("action").GetString()!)
            .Where(action => action.StartsWith(beginning, StringComparison.Ordinal) && action != "org.create"),
    ];

    private static string Joined(Reply list) => string.Join(' ', list.Json.EnumerateArray().Select(one => one.GetString()));
}
