using System.Net;
using Berth.Tests.TestServer;

namespace Berth.Tests.Repositories;

public sealed class RepositoryTests(SharedServer shared)
{
    [Fact]
    public async Task A_repository_is_private_unless_said_otherwise_and_has_githubs_shape()
    {
        var ada = await shared.Server.UserAsync();
        var made = await ada.SendAsync(
            "POST", "/user/repos", """{"name":"App","clone_url":"https://git.test/ada/app.git","external_id":"42","description":"it's"}""");
        Assert.Equal(HttpStatusCode.Created, made.Status);
        Assert.True(made["private"].GetBoolean());
        Assert.Equal($"{ada.Login}/App", made["full_name"].GetString());
        Assert.Equal("it's", made["description"].GetString());
        Assert.Contains("it's", made.Body, StringComparison.Ordinal);
        Assert.True(made["permissions"].GetProperty("admin").GetBoolean());
        var again = await ada.GetAsync($"/repositories/{made["id"].GetInt64()}");
        Assert.Equal("42", again["external_id"].GetString());
        Assert.Equal(HttpStatusCode.UnprocessableEntity, (await ada.SendAsync("POST", "/user/repos", """{"name":"APP"}""")).Status);
    }

    [Theory]
    [InlineData("private", false, false)]
    [InlineData("internal", true, false)]
    [InlineData("public", true, true)]
    public async Task Visibility_decides_who_reads_without_a_role(string visibility, bool member, bool anyone)
    {
        var ada = await shared.Server.UserAsync();
        var bob = await shared.Server.UserAsync("bob");
        var eve = await shared.Server.UserAsync("eve");
        var acme = await ada.OrganizationAsync();
        await ada.DoAsync("PATCH", $"/orgs/{acme}", """{"default_repository_permission":"none"}""");
        await ada.DoAsync("PUT", $"/orgs/{acme}/memberships/{bob.Login}");
        var app = await ada.RepositoryAsync(acme, "app", visibility);
        Assert.Equal(member ? HttpStatusCode.OK : HttpStatusCode.NotFound, (await bob.GetAsync($"/repos/{app}")).Status);
        Assert.Equal(anyone ? HttpStatusCode.OK : HttpStatusCode.NotFound, (await eve.GetAsync($"/repos/{app}")).Status);
        Assert.Equal(anyone ? HttpStatusCode.OK : HttpStatusCode.NotFound, (await shared.Server.Nobody().GetAsync($"/repos/{app}")).Status);
        Assert.Equal(anyone ? 1 : 0, (await eve.GetAsync($"/orgs/{acme}/repos")).Json.GetArrayLength());
        Assert.Equal(member ? 1 : 0, (await bob.GetAsync($"/orgs/{acme}/repos")).Json.GetArrayLength());
    }

    [Fact]
    public async Task A_token_without_repo_sees_public_repositories_only()
    {
        var ada = await shared.Server.UserAsync();
        var hidden = await ada.RepositoryAsync(ada.Login, "hidden");
        var open = await ada.RepositoryAsync(ada.Login, "open", "public");
        var capped = await ada.WithTokenAsync("read:packages");
        Assert.Equal(HttpStatusCode.NotFound, (await capped.GetAsync($"/repos/{hidden}")).Status);
        await capped.DoAsync("GET", $"/repos/{open}");
        Assert.Single((await capped.GetAsync("/user/repos")).Json.EnumerateArray());
    }

    [Theory]
    [InlineData("read", "read", "read")]
    [InlineData("pull", "read", "read")]
    [InlineData("triage", "triage", "read")]
    [InlineData("push", "write", "write")]
    [InlineData("maintain", "maintain", "write")]
    [InlineData("admin", "admin", "admin")]
    public async Task A_collaborator_has_the_role_given(string permission, string role, string folded)
    {
        var ada = await shared.Server.UserAsync();
        var bob = await shared.Server.UserAsync("bob");
        var app = await ada.RepositoryAsync(ada.Login);
        await ada.DoAsync("PUT", $"/repos/{app}/collaborators/{bob.Login}", $$"""{"permission":"{{permission}}"}""");
        var shown = await ada.GetAsync($"/repos/{app}/collaborators/{bob.Login}/permission");
        Assert.Equal(role, shown["role_name"].GetString());
        Assert.Equal(folded, shown["permission"].GetString());
        Assert.Equal(role, (await ada.GetAsync($"/repos/{app}/collaborators")).Json[0].GetProperty("role_name").GetString());
        await ada.DoAsync("GET", $"/repos/{app}/collaborators/{bob.Login}");
        await ada.DoAsync("DELETE", $"/repos/{app}/collaborators/{bob.Login}");
        Assert.Equal(HttpStatusCode.NotFound, (await bob.GetAsync($"/repos/{app}")).Status);
    }

    [Fact]
    public async Task A_renamed_repository_keeps_its_id_and_its_packages()
    {
        var ada = await shared.Server.UserAsync();
        var app = await ada.RepositoryAsync(ada.Login);
        await ada.DoAsync("PUT", "/user/packages/container/web", $$"""{"repository":"{{app}}","inherit_access":true}""");
        var renamed = await ada.DoAsync("PATCH", $"/repos/{app}", """{"name":"renamed"}""");
        Assert.Equal("renamed", renamed["name"].GetString());
        var package = await ada.GetAsync("/user/packages/container/web");
        Assert.Equal($"{ada.Login}/renamed", package["repository"].GetProperty("full_name").GetString());
        Assert.True(package["inherits_access"].GetBoolean());
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_deleted_or_transferred_repository_leaves_its_packages_without_link_inheritance_and_list_entries(bool transfer)
    {
        var ada = await shared.Server.UserAsync();
        var bob = await shared.Server.UserAsync("bob");
        var acme = await ada.OrganizationAsync();
        var app = await ada.RepositoryAsync(ada.Login);
        await ada.DoAsync("PUT", $"/repos/{app}/collaborators/{bob.Login}", """{"permission":"write"}""");
        await ada.DoAsync("PUT", "/user/packages/container/web", $$"""{"repository":"{{app}}","inherit_access":true}""");
        await ada.DoAsync("PUT", $"/user/packages/container/web/access/actions/{app}", """{"role":"write"}""");
        await ada.DoAsync("PUT", $"/user/packages/container/web/access/codespaces/{app}");
        await bob.DoAsync("GET", $"/users/{ada.Login}/packages/container/web");
        await (transfer
            ? ada.DoAsync("POST", $"/repos/{app}/transfer", $$"""{"new_owner":"{{acme}}"}""")
            : ada.DoAsync("DELETE", $"/repos/{app}"));
        Assert.Equal(HttpStatusCode.NotFound, (await bob.GetAsync($"/users/{ada.Login}/packages/container/web")).Status);
        var access = await ada.DoAsync("GET", "/user/packages/container/web/access");
        Assert.False(access["inherits_access"].GetBoolean());
        Assert.Equal("null", access["repository"].GetRawText());
        Assert.Equal("[]", access["actions"].GetRawText());
        Assert.Equal("[]", access["codespaces"].GetRawText());
        Assert.Single(access["users"].EnumerateArray());
    }

    [Fact]
    public async Task A_repository_is_not_given_to_who_does_not_want_it()
    {
        var ada = await shared.Server.UserAsync();
        var bob = await shared.Server.UserAsync("bob");
        var app = await ada.RepositoryAsync(ada.Login);
        Assert.Equal(
            HttpStatusCode.UnprocessableEntity,
            (await ada.SendAsync("POST", $"/repos/{app}/transfer", $$"""{"new_owner":"{{bob.Login}}"}""")).Status);
    }

    [Fact]
    public async Task When_a_repository_becomes_more_private_its_inheriting_packages_follow()
    {
        var ada = await shared.Server.UserAsync();
        var acme = await ada.OrganizationAsync();
        var app = await ada.RepositoryAsync(acme, "app", "public");
        foreach (var (name, inherits) in new[] { ("follows", "true"), ("linked", "false") })
        {
            await ada.DoAsync(
                "PUT", $"/orgs/{acme}/packages/container/{name}",
                $$"""{"repository":"{{app}}","inherit_access":{{inherits}},"visibility":"public"}""");
        }

        await ada.DoAsync("PATCH", $"/repos/{app}", """{"visibility":"internal"}""");
        Assert.Equal("internal", (await ada.GetAsync($"/orgs/{acme}/packages/container/follows"))["visibility"].GetString());
        Assert.Equal("public", (await ada.GetAsync($"/orgs/{acme}/packages/container/linked"))["visibility"].GetString());
        await ada.DoAsync("PATCH", $"/repos/{app}", """{"visibility":"private"}""");
        Assert.Equal("private", (await ada.GetAsync($"/orgs/{acme}/packages/container/follows"))["visibility"].GetString());
    }

    [Theory]
    [InlineData("private", null, "private")]
    [InlineData("internal", null, "internal")]
    [InlineData("public", null, "public")]
    [InlineData("private", "internal", "internal")]
    public async Task Switching_inheritance_on_tightens_to_the_repository_and_says_so(string repository, string? asked, string expected)
    {
        var ada = await shared.Server.UserAsync();
        var acme = await ada.OrganizationAsync();
        var app = await ada.RepositoryAsync(acme, "app", repository);
        await ada.DoAsync("PUT", $"/orgs/{acme}/packages/container/web", $$"""{"repository":"{{app}}","visibility":"public"}""");
        var body = asked is null ? """{"inherit_access":true}""" : $$"""{"inherit_access":true,"visibility":"{{asked}}"}""";
        var changed = await ada.DoAsync("PATCH", $"/orgs/{acme}/packages/container/web", body);
        Assert.Equal(expected, changed["visibility"].GetString());
        if (asked is not null || expected == "public")
        {
            Assert.False(changed.Json.TryGetProperty("visibility_tightened", out _));
            return;
        }

        Assert.Equal("public", changed["visibility_tightened"].GetProperty("from").GetString());
        Assert.Equal(expected, changed["visibility_tightened"].GetProperty("to").GetString());
        Assert.Equal(
            $"berth package edit {acme}/web --visibility public", changed["visibility_tightened"].GetProperty("command").GetString());
        Assert.Equal(expected, (await ada.GetAsync($"/orgs/{acme}/packages/container/web"))["visibility"].GetString());
    }

    [Fact]
    public async Task Moving_an_inheriting_package_to_a_less_open_repository_tightens_it_too()
    {
        var ada = await shared.Server.UserAsync();
        var open = await ada.RepositoryAsync(ada.Login, "open", "public");
        var closed = await ada.RepositoryAsync(ada.Login, "closed");
        await ada.DoAsync(
            "PUT", "/user/packages/container/web", $$"""{"repository":"{{open}}","inherit_access":true,"visibility":"public"}""");
        var moved = await ada.DoAsync("PATCH", "/user/packages/container/web", $$"""{"repository":"{{closed}}","inherit_access":true}""");
        Assert.Equal("private", moved["visibility"].GetString());
    }

    [Fact]
    public async Task When_a_repository_becomes_more_public_its_packages_stay_and_the_difference_is_shown()
    {
        var ada = await shared.Server.UserAsync();
        var acme = await ada.OrganizationAsync();
        var app = await ada.RepositoryAsync(acme);
        await ada.DoAsync("PUT", $"/orgs/{acme}/packages/container/web", $$"""{"repository":"{{app}}","inherit_access":true}""");
        var changed = await ada.DoAsync("PATCH", $"/repos/{app}", """{"private":false}""");
        var difference = changed["packages_that_differ"][0];
        Assert.Equal("private", difference.GetProperty("package_visibility").GetString());
        Assert.Equal($"berth package edit {acme}/web --visibility public", difference.GetProperty("command").GetString());
        var package = await ada.GetAsync($"/orgs/{acme}/packages/container/web");
        Assert.Equal("private", package["visibility"].GetString());
        Assert.Equal("public", package["visibility_differs"].GetProperty("repository_visibility").GetString());
    }

    [Fact]
    public async Task A_file_url_is_for_site_administrators_of_a_server_that_allows_it()
    {
        await using var server = await BerthServer.StartAsync(settings: "BERTH_ALLOW_FILE_CLONE=true");
        await server.Administrator().DoAsync("POST", "/user/repos", """{"name":"local","clone_url":"file:///srv/git/local.git"}""");
        var ada = await server.UserAsync();
        var refused = await ada.SendAsync("POST", "/user/repos", """{"name":"local","clone_url":"file:///srv/git/local.git"}""");
        Assert.Equal(HttpStatusCode.UnprocessableEntity, refused.Status);
    }

    [Theory]
    [InlineData("https://git.test/acme/app.git")]
    [InlineData("http://git.test:8080/acme/app")]
    [InlineData("ssh://git@git.test/acme/app")]
    [InlineData("git@git.test:acme/app.git")]
    [InlineData("git://git.test/acme/app")]
    public async Task A_clone_url_may_be_any_git_transport(string url)
    {
        var ada = await shared.Server.UserAsync();
        Assert.Equal(
            url, (await ada.DoAsync("POST", "/user/repos", $$"""{"name":"app","clone_url":"{{url}}"}"""))["clone_url"].GetString());
    }
}
