using System.Net;
using Berth.Tests.TestServer;

namespace Berth.Tests.Organizations;

public sealed class OrganizationTests(SharedServer shared)
{
    [Fact]
    public async Task An_organization_always_keeps_an_owner()
    {
        var ada = await shared.Server.UserAsync();
        var bob = await shared.Server.UserAsync("bob");
        var acme = await ada.OrganizationAsync();
        Assert.Equal(HttpStatusCode.UnprocessableEntity, (await ada.SendAsync("DELETE", $"/orgs/{acme}/memberships/{ada.Login}")).Status);
        Assert.Equal(
            HttpStatusCode.UnprocessableEntity,
            (await ada.SendAsync("PUT", $"/orgs/{acme}/memberships/{ada.Login}", """{"role":"member"}""")).Status);
        await ada.DoAsync("PUT", $"/orgs/{acme}/memberships/{bob.Login}", """{"role":"admin"}""");
        await ada.DoAsync("DELETE", $"/orgs/{acme}/memberships/{ada.Login}");
        Assert.Equal(HttpStatusCode.NotFound, (await ada.GetAsync($"/orgs/{acme}/members")).Status);
    }

    [Fact]
    public async Task Owners_who_leave_at_the_same_moment_leave_one_behind()
    {
        var ada = await shared.Server.UserAsync();
        var bob = await shared.Server.UserAsync("bob");
        var acme = await ada.OrganizationAsync();
        await ada.DoAsync("PUT", $"/orgs/{acme}/memberships/{bob.Login}", "{\"role\":\"admin\"}");
        var replies = await Task.WhenAll(
            ada.SendAsync("DELETE", $"/orgs/{acme}/memberships/{ada.Login}"),
            bob.SendAsync("DELETE", $"/orgs/{acme}/memberships/{bob.Login}"));
        Assert.Equal([HttpStatusCode.NoContent, HttpStatusCode.UnprocessableEntity], replies.Select(reply => reply.Status).Order());
    }

    [Fact]
    public async Task Members_see_each_other_and_outsiders_see_nobody()
    {
        var ada = await shared.Server.UserAsync();
        var bob = await shared.Server.UserAsync("bob");
        var eve = await shared.Server.UserAsync("eve");
        var acme = await ada.OrganizationAsync();
        var membership = await ada.DoAsync("PUT", $"/orgs/{acme}/memberships/{bob.Login}");
        Assert.Equal("active", membership["state"].GetString());
        Assert.Equal("member", membership["role"].GetString());
        Assert.Equal(
            [ada.Login, bob.Login],
            (await bob.GetAsync($"/orgs/{acme}/members")).Json.EnumerateArray().Select(m => m.GetProperty("login").GetString()));
        Assert.Equal(HttpStatusCode.NotFound, (await eve.GetAsync($"/orgs/{acme}/members")).Status);
        Assert.False((await eve.GetAsync($"/orgs/{acme}")).Json.TryGetProperty("default_repository_permission", out _));
        Assert.Equal("[]", (await eve.GetAsync($"/users/{bob.Login}/orgs")).Body);
        Assert.Single((await ada.GetAsync($"/users/{bob.Login}/orgs")).Json.EnumerateArray());
    }

    [Fact]
    public async Task A_member_may_leave_but_not_throw_others_out()
    {
        var ada = await shared.Server.UserAsync();
        var bob = await shared.Server.UserAsync("bob");
        var acme = await ada.OrganizationAsync();
        await ada.DoAsync("PUT", $"/orgs/{acme}/memberships/{bob.Login}");
        Assert.Equal(HttpStatusCode.Forbidden, (await bob.SendAsync("DELETE", $"/orgs/{acme}/memberships/{ada.Login}")).Status);
        await bob.DoAsync("DELETE", $"/orgs/{acme}/memberships/{bob.Login}");
    }

    [Fact]
    public async Task Who_is_removed_loses_teams_repositories_and_packages_of_the_organization()
    {
        var ada = await shared.Server.UserAsync();
        var bob = await shared.Server.UserAsync("bob");
        var acme = await ada.OrganizationAsync();
        var app = await ada.RepositoryAsync(acme);
        await ada.PushAsync($"{acme}/web");
        await ada.DoAsync("PUT", $"/orgs/{acme}/memberships/{bob.Login}");
        await ada.DoAsync("PUT", $"/repos/{app}/collaborators/{bob.Login}", """{"permission":"write"}""");
        await ada.DoAsync("PUT", $"/orgs/{acme}/packages/container/web/access/users/{bob.Login}", """{"role":"read"}""");
        Assert.Equal(HttpStatusCode.OK, await bob.PullAsync($"{acme}/web"));
        await ada.DoAsync("DELETE", $"/orgs/{acme}/members/{bob.Login}");
        Assert.Equal(HttpStatusCode.Forbidden, await bob.PullAsync($"{acme}/web"));
        Assert.Equal(HttpStatusCode.NotFound, (await bob.GetAsync($"/repos/{app}")).Status);
    }

    [Fact]
    public async Task Settings_for_packages_are_read_by_members_and_changed_by_owners()
    {
        var ada = await shared.Server.UserAsync();
        var bob = await shared.Server.UserAsync("bob");
        var acme = await ada.OrganizationAsync();
        await ada.DoAsync("PUT", $"/orgs/{acme}/memberships/{bob.Login}");
        Assert.Equal(
            """{"members_can_create_public_packages":false,"members_can_create_internal_packages":true,"members_can_create_private_packages":true,"workflows_can_create_packages":true,"allowed_visibilities":["public","internal","private"],"inherit_access_on_link":false,"first_publish_visibility":"repository","personal_token_max_days":null,"unrestricted_personal_tokens_allowed":true}""",
            (await bob.GetAsync($"/orgs/{acme}/settings/packages")).Body);
        Assert.Equal(HttpStatusCode.Forbidden, (await bob.SendAsync("PATCH", $"/orgs/{acme}/settings/packages", "{}")).Status);
        var changed = await ada.DoAsync(
            "PATCH", $"/orgs/{acme}/settings/packages", """{"allowed_visibilities":["private"],"workflows_can_create_packages":false}""");
        Assert.Equal("""["private"]""", changed["allowed_visibilities"].GetRawText());
        Assert.False(changed["workflows_can_create_packages"].GetBoolean());
        Assert.True(changed["members_can_create_private_packages"].GetBoolean());
        Assert.Equal(
            HttpStatusCode.UnprocessableEntity,
            (await ada.SendAsync("PATCH", $"/orgs/{acme}/settings/packages", """{"allowed_visibilities":["public"]}""")).Status);
    }

    [Fact]
    public async Task A_team_gives_its_members_a_role_on_repositories()
    {
        var ada = await shared.Server.UserAsync();
        var bob = await shared.Server.UserAsync("bob");
        var acme = await ada.OrganizationAsync();
        await ada.DoAsync("PATCH", $"/orgs/{acme}", """{"default_repository_permission":"none"}""");
        var app = await ada.RepositoryAsync(acme);
        var team = await ada.SendAsync("POST", $"/orgs/{acme}/teams", """{"name":"Core Team!"}""");
        Assert.Equal(HttpStatusCode.Created, team.Status);
        Assert.Equal("core-team", team["slug"].GetString());
        var early = await ada.SendAsync("PUT", $"/orgs/{acme}/teams/core-team/memberships/{bob.Login}");
        Assert.Equal(HttpStatusCode.UnprocessableEntity, early.Status);
        await ada.DoAsync("PUT", $"/orgs/{acme}/memberships/{bob.Login}");
        await ada.DoAsync("PUT", $"/orgs/{acme}/teams/core-team/memberships/{bob.Login}");
        Assert.Equal(HttpStatusCode.NotFound, (await bob.GetAsync($"/repos/{app}")).Status);
        await ada.DoAsync("PUT", $"/orgs/{acme}/teams/core-team/repos/{app}", """{"permission":"push"}""");
        Assert.True((await bob.GetAsync($"/repos/{app}"))["permissions"].GetProperty("push").GetBoolean());
        Assert.Equal("write", (await bob.GetAsync($"/orgs/{acme}/teams/core-team/repos")).Json[0].GetProperty("role_name").GetString());
        await ada.DoAsync("DELETE", $"/orgs/{acme}/teams/core-team");
        Assert.Equal(HttpStatusCode.NotFound, (await bob.GetAsync($"/repos/{app}")).Status);
    }

    [Fact]
    public async Task A_team_can_be_renamed_and_its_slug_follows()
    {
        var ada = await shared.Server.UserAsync();
        var acme = await ada.OrganizationAsync();
        await ada.DoAsync("POST", $"/orgs/{acme}/teams", """{"name":"one"}""");
        await ada.DoAsync("POST", $"/orgs/{acme}/teams", """{"name":"two"}""");
        Assert.Equal(
            HttpStatusCode.UnprocessableEntity, (await ada.SendAsync("PATCH", $"/orgs/{acme}/teams/one", """{"name":"Two"}""")).Status);
        Assert.Equal("three", (await ada.DoAsync("PATCH", $"/orgs/{acme}/teams/one", """{"name":"Three"}"""))["slug"].GetString());
        Assert.Equal(HttpStatusCode.NotFound, (await ada.GetAsync($"/orgs/{acme}/teams/one")).Status);
    }

    [Fact]
    public async Task Members_make_repositories_unless_the_organization_says_no()
    {
        var ada = await shared.Server.UserAsync();
        var bob = await shared.Server.UserAsync("bob");
        var acme = await ada.OrganizationAsync();
        await ada.DoAsync("PUT", $"/orgs/{acme}/memberships/{bob.Login}");
        Assert.True(
            (await bob.DoAsync("POST", $"/orgs/{acme}/repos", """{"name":"one"}"""))["permissions"].GetProperty("admin").GetBoolean());
        await ada.DoAsync("PATCH", $"/orgs/{acme}", """{"members_can_create_repositories":false}""");
        var refused = await bob.SendAsync("POST", $"/orgs/{acme}/repos", """{"name":"two"}""");
        Assert.Equal(HttpStatusCode.Forbidden, refused.Status);
        Assert.Contains("berth org edit", refused.Message, StringComparison.Ordinal);
    }
}
