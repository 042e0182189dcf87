using System.Net;
using Berth.Tests.TestServer;

namespace Berth.Tests.Accounts;

public sealed class AccountTests(SharedServer shared)
{
    private readonly Person _admin = shared.Server.Administrator();

    [Fact]
    public async Task A_user_is_made_by_a_site_administrator_and_found_without_case()
    {
        var login = Persons.Unique("Ada");
        var made = await _admin.SendAsync("POST", "/admin/users", $$"""{"login":"{{login}}","email":"ada@example.test"}""");
        Assert.Equal(HttpStatusCode.Created, made.Status);
        Assert.Equal("User", made["type"].GetString());
        var found = await shared.Server.Nobody().DoAsync("GET", $"/users/{login.ToUpperInvariant()}");
        Assert.Equal(made["id"].GetInt64(), found["id"].GetInt64());
        Assert.False(found.Json.TryGetProperty("email", out _), "addresses are for their owners");
        Assert.Matches(@"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$", found["created_at"].GetString());
    }

    [Fact]
    public async Task Users_and_organizations_share_one_space_of_logins()
    {
        var ada = await shared.Server.UserAsync();
        var taken = await _admin.SendAsync(
            "POST", "/admin/organizations", $$"""{"login":"{{ada.Login.ToUpperInvariant()}}","admin":"admin"}""");
        Assert.Equal(HttpStatusCode.UnprocessableEntity, taken.Status);
        Assert.Equal("already_exists", taken["errors"][0].GetProperty("code").GetString());
    }

    [Fact]
    public async Task Administration_needs_both_the_person_and_the_scope()
    {
        var ada = await shared.Server.UserAsync();
        Assert.Equal(HttpStatusCode.Forbidden, (await ada.SendAsync("POST", "/admin/users", """{"login":"nobody-else"}""")).Status);
        var capped = await _admin.WithTokenAsync("repo");
        var reply = await capped.SendAsync("POST", "/admin/users", """{"login":"nobody-else"}""");
        Assert.Equal(HttpStatusCode.Forbidden, reply.Status);
        Assert.Contains("site_admin", reply.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_site_administrator_has_no_right_to_private_things()
    {
        var ada = await shared.Server.UserAsync();
        var repository = await ada.RepositoryAsync(ada.Login);
        await ada.DoAsync("PUT", "/user/packages/container/secret");
        var acme = await ada.OrganizationAsync();
        Assert.Equal(HttpStatusCode.NotFound, (await _admin.GetAsync($"/repos/{repository}")).Status);
        Assert.Equal(HttpStatusCode.NotFound, (await _admin.GetAsync($"/users/{ada.Login}/packages/container/secret")).Status);
        Assert.Equal(HttpStatusCode.NotFound, (await _admin.GetAsync($"/orgs/{acme}/members")).Status);
    }

    [Fact]
    public async Task A_deleted_user_takes_repositories_packages_and_tokens_along()
    {
        var ada = await shared.Server.UserAsync();
        await ada.PushAsync($"{ada.Login}/app");
        await ada.RepositoryAsync(ada.Login, "code");
        await _admin.DoAsync("DELETE", $"/admin/users/{ada.Login}");
        Assert.Equal(HttpStatusCode.Unauthorized, (await ada.GetAsync("/user")).Status);
        Assert.Equal(HttpStatusCode.NotFound, (await _admin.GetAsync($"/users/{ada.Login}")).Status);
    }

    [Fact]
    public async Task The_only_owner_of_an_organization_cannot_be_deleted()
    {
        var ada = await shared.Server.UserAsync();
        var acme = await ada.OrganizationAsync();
        var reply = await _admin.SendAsync("DELETE", $"/admin/users/{ada.Login}");
        Assert.Equal(HttpStatusCode.UnprocessableEntity, reply.Status);
        Assert.Contains(acme, reply.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_user_who_is_promoted_administers_with_a_token_that_says_so()
    {
        var ada = await shared.Server.UserAsync();
        Assert.Equal(
            HttpStatusCode.UnprocessableEntity,
            (await _admin.SendAsync("POST", $"/admin/users/{ada.Login}/authorizations", """{"scopes":["site_admin"]}""")).Status);
        await _admin.DoAsync("PUT", $"/users/{ada.Login}/site_admin");
        var root = await ada.WithTokenAsync("site_admin");
        await root.DoAsync("POST", "/admin/users", $$"""{"login":"{{Persons.Unique("bob")}}"}""");
        await _admin.DoAsync("DELETE", $"/users/{ada.Login}/site_admin");
        Assert.Equal(HttpStatusCode.Forbidden, (await root.SendAsync("POST", "/admin/users", "{}")).Status);
    }

    [Fact]
    public async Task All_tokens_of_somebody_end_at_once()
    {
        var ada = await shared.Server.UserAsync();
        var second = await ada.WithTokenAsync("repo");
        await _admin.DoAsync("DELETE", $"/admin/users/{ada.Login}/authorizations");
        Assert.Equal(HttpStatusCode.Unauthorized, (await ada.GetAsync("/user")).Status);
        Assert.Equal(HttpStatusCode.Unauthorized, (await second.GetAsync("/user")).Status);
    }
}
