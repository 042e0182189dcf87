using System.Net;
using Berth.Tests.TestServer;

namespace Berth.Tests.Organizations;

/// <summary>
/// The routes by which tools that keep an organization's configuration in files read it back: by ids, and with the role of a team.
/// </summary>
public sealed class TeamRouteTests(SharedServer shared)
{
    [Fact]
    public async Task A_team_is_found_by_ids_also_after_it_was_renamed()
    {
        var (ada, acme, team) = await TeamAsync();
        var organization = (await ada.DoAsync("GET", $"/orgs/{acme}"))["id"].GetInt64();
        var byId = $"/organizations/{organization}/team/{team}";
        Assert.Equal("core", (await ada.DoAsync("GET", byId))["slug"].GetString());
        await ada.DoAsync("PATCH", byId, """{"name":"kernel"}""");
        Assert.Equal("kernel", (await ada.DoAsync("GET", byId))["slug"].GetString());
        Assert.Equal(acme, (await ada.DoAsync("GET", $"/organizations/{organization}"))["login"].GetString());

        await ada.DoAsync("PUT", $"{byId}/memberships/{ada.Login}", """{"role":"maintainer"}""");
        Assert.Equal("maintainer", (await ada.DoAsync("GET", $"{byId}/memberships/{ada.Login}"))["role"].GetString());
        var other = await shared.Server.UserAsync("other");
        var nowhere = $"/organizations/{organization}/team/{team + 1_000_000}";
        foreach (var path in new[] { byId, nowhere, "/organizations/0/team/0", "/organizations/x" })
        {
            Assert.Equal(HttpStatusCode.NotFound, (await other.GetAsync(path)).Status);
        }
    }

    [Fact]
    public async Task A_team_on_a_repository_is_shown_with_its_role()
    {
        var (ada, acme, _) = await TeamAsync();
        var app = await ada.RepositoryAsync(acme);
        var path = $"/orgs/{acme}/teams/core/repos/{app}";
        Assert.Equal(HttpStatusCode.NotFound, (await ada.GetAsync(path)).Status);
        await ada.DoAsync("PUT", path, """{"permission":"maintain"}""");
        Assert.Equal(HttpStatusCode.NoContent, (await ada.GetAsync(path)).Status);

        using var client = shared.Server.Client(ada.Token);
        using var request = new HttpRequestMessage(HttpMethod.Get, "/api/v3" + path);
        request.Headers.TryAddWithoutValidation("Accept", "application/vnd.github.v3.repository+json");
        using var shown = await client.SendAsync(request, TestContext.Current.CancellationToken);
        var text = await shown.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        Assert.Contains("\"role_name\":\"maintain\"", text, StringComparison.Ordinal);

        var teams = await ada.DoAsync("GET", $"/repos/{app}/teams");
        Assert.Equal(
            ("core", "maintain"), (teams.Json[0].GetProperty("slug").GetString(), teams.Json[0].GetProperty("permission").GetString()));
    }

    [Fact]
    public async Task People_read_their_own_memberships_and_teams()
    {
        var (ada, acme, _) = await TeamAsync();
        var bob = await shared.Server.UserAsync("bob");
        await ada.DoAsync("PUT", $"/orgs/{acme}/memberships/{bob.Login}", """{"role":"member"}""");
        await ada.DoAsync("PUT", $"/orgs/{acme}/teams/core/memberships/{bob.Login}", "{}");
        Assert.Equal("member", (await bob.DoAsync("GET", $"/user/memberships/orgs/{acme}"))["role"].GetString());
        var accepted = await bob.DoAsync("PATCH", $"/user/memberships/orgs/{acme}", """{"state":"active"}""");
        Assert.Equal("active", accepted["state"].GetString());
        Assert.Equal("core", (await bob.DoAsync("GET", "/user/teams")).Json[0].GetProperty("slug").GetString());

        var eve = await shared.Server.UserAsync("eve");
        var app = await ada.RepositoryAsync(acme);
        await ada.DoAsync("PUT", $"/repos/{app}/collaborators/{eve.Login}", """{"permission":"read"}""");
        await ada.DoAsync("PUT", $"/repos/{app}/collaborators/{bob.Login}", """{"permission":"read"}""");
        var outside = await ada.DoAsync("GET", $"/orgs/{acme}/outside_collaborators");
        Assert.Equal([eve.Login], outside.Json.EnumerateArray().Select(person => person.GetProperty("login").GetString()));
        Assert.Equal(HttpStatusCode.NotFound, (await eve.GetAsync($"/user/memberships/orgs/{acme}")).Status);
    }

    private async Task<(Person Ada, string Organization, long Team)> TeamAsync()
    {
        var ada = await shared.Server.UserAsync("ada");
        var acme = await ada.OrganizationAsync();
        return (ada, acme, (await ada.DoAsync("POST", $"/orgs/{acme}/teams", """{"name":"core"}"""))["id"].GetInt64());
    }
}
