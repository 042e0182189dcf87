using System.Net;
using Berth.Tests.TestServer;

namespace Berth.Tests.Packages;

/// <summary>Packages over REST: forms, lists, creating and changing, deleting and restoring.</summary>
public sealed class PackageTests(SharedServer shared)
{
    [Theory]
    [InlineData("app", "app")]
    [InlineData("tools/ci/base", "tools%2Fci%2Fbase")]
    public async Task A_pushed_package_has_githubs_shape_under_all_three_addresses(string name, string encoded)
    {
        var ada = await shared.Server.UserAsync();
        await ada.PushAsync($"{ada.Login}/{name}");
        var url = $"{shared.Server.Url.GetLeftPart(UriPartial.Authority)}/api/v3/users/{ada.Login}/packages/container/{encoded}";
        foreach (var path in new[]
        {
            $"/user/packages/container/{encoded}",
            $"/users/{ada.Login}/packages/container/{encoded}",
            $"/users/{ada.Login}/packages/container/{encoded.Replace("%2F", "%2f", StringComparison.Ordinal)}",
        })
        {
            var package = await ada.DoAsync("GET", path);
            Assert.Equal(name, package["name"].GetString());
            Assert.Equal("container", package["package_type"].GetString());
            Assert.Equal("private", package["visibility"].GetString());
            Assert.Equal(1, package["version_count"].GetInt64());
            Assert.Equal(url, package["url"].GetString());
            Assert.Equal(ada.Login, package["owner"].GetProperty("login").GetString());
            Assert.Equal("null", package["repository"].GetRawText());
        }
    }

    [Theory]
    [InlineData("/user")]
    [InlineData("/users/{ada}")]
    [InlineData("/orgs/{acme}")]
    public async Task Npm_packages_are_made_before_their_first_version(string owner)
    {
        var ada = await shared.Server.UserAsync();
        var acme = await ada.OrganizationAsync();
        var package = owner.Replace("{ada}", ada.Login, StringComparison.Ordinal).Replace("{acme}", acme, StringComparison.Ordinal)
            + "/packages/npm/web";
        var made = await ada.SendAsync("PUT", package, """{"visibility":"private"}""");
        Assert.Equal(HttpStatusCode.Created, made.Status);
        Assert.Equal("npm", made["package_type"].GetString());
        Assert.Equal(0, (await ada.DoAsync("GET", package))["version_count"].GetInt64());
    }

    [Fact]
    public async Task A_list_shows_what_the_caller_may_read()
    {
        var ada = await shared.Server.UserAsync();
        var bob = await shared.Server.UserAsync("bob");
        var eve = await shared.Server.UserAsync("eve");
        var acme = await ada.OrganizationAsync();
        await ada.DoAsync("PUT", $"/orgs/{acme}/memberships/{bob.Login}");
        var app = await ada.RepositoryAsync(acme);
        await ada.DoAsync("PATCH", $"/orgs/{acme}", """{"default_repository_permission":"none"}""");
        foreach (var (name, body) in new[]
        {
            ("open", """{"visibility":"public"}"""), ("inside", """{"visibility":"internal"}"""), ("secret", "{}"), ("granted", "{}"),
            ("inherited", $$"""{"repository":"{{app}}","inherit_access":true}"""),
        })
        {
            await ada.DoAsync("PUT", $"/orgs/{acme}/packages/container/{name}", body);
        }

        await ada.DoAsync("PUT", $"/orgs/{acme}/packages/container/granted/access/users/{eve.Login}", """{"role":"read"}""");
        await ada.DoAsync("PUT", $"/repos/{app}/collaborators/{eve.Login}", """{"permission":"read"}""");
        Assert.Equal(["granted", "inherited", "inside", "open", "secret"], await NamesAsync(ada, acme));
        Assert.Equal(["inside", "open"], await NamesAsync(bob, acme));
        Assert.Equal(["granted", "inherited", "open"], await NamesAsync(eve, acme));
        Assert.Equal(["open"], await NamesAsync(ada, acme, "&visibility=public"));
        Assert.Empty((await ada.GetAsync($"/orgs/{acme}/packages?package_type=npm")).Json.EnumerateArray());
        Assert.Empty((await ada.GetAsync($"/orgs/{acme}/packages?package_type=maven")).Json.EnumerateArray());
        Assert.Equal(
            HttpStatusCode.Unauthorized, (await shared.Server.Nobody().GetAsync($"/orgs/{acme}/packages?package_type=container")).Status);
    }

    [Fact]
    public async Task A_public_package_is_read_without_login_and_its_private_repository_stays_hidden()
    {
        var ada = await shared.Server.UserAsync();
        var app = await ada.RepositoryAsync(ada.Login);
        await ada.DoAsync("PUT", "/user/packages/container/web", $$"""{"repository":"{{app}}","visibility":"public"}""");
        var seen = await shared.Server.Nobody().DoAsync("GET", $"/users/{ada.Login}/packages/container/web");
        Assert.Equal("null", seen["repository"].GetRawText());
        Assert.DoesNotContain("visibility_differs", seen.Body, StringComparison.Ordinal);
        Assert.Equal(app, (await ada.GetAsync("/user/packages/container/web"))["repository"].GetProperty("full_name").GetString());
    }

    [Fact]
    public async Task What_is_made_before_the_first_push_holds_for_it()
    {
        var ada = await shared.Server.UserAsync();
        var acme = await ada.OrganizationAsync();
        var app = await ada.RepositoryAsync(acme);
        var made = await ada.SendAsync(
            "PUT", $"/orgs/{acme}/packages/container/web", $$"""{"visibility":"public","repository":"{{app}}","inherit_access":true}""");
        Assert.Equal(HttpStatusCode.Created, made.Status);
        await ada.PushAsync($"{acme}/web");
        var package = await ada.GetAsync($"/orgs/{acme}/packages/container/web");
        Assert.Equal(made["id"].GetInt64(), package["id"].GetInt64());
        Assert.Equal("public", package["visibility"].GetString());
        Assert.Equal(HttpStatusCode.OK, await shared.Server.Nobody().PullAnonymouslyAsync($"{acme}/web"));
        var again = await ada.SendAsync("PUT", $"/orgs/{acme}/packages/container/web", """{"visibility":"private"}""");
        Assert.Equal(HttpStatusCode.OK, again.Status);
        Assert.Equal("private", again["visibility"].GetString());
        Assert.True(again["inherits_access"].GetBoolean());
    }

    [Fact]
    public async Task Members_make_packages_as_far_as_the_settings_let_them()
    {
        var ada = await shared.Server.UserAsync();
        var bob = await shared.Server.UserAsync("bob");
        var eve = await shared.Server.UserAsync("eve");
        var acme = await ada.OrganizationAsync();
        await ada.DoAsync("PUT", $"/orgs/{acme}/memberships/{bob.Login}");
        await bob.DoAsync("PUT", $"/orgs/{acme}/packages/container/mine", "{}");
        Assert.Equal(
            HttpStatusCode.Forbidden,
            (await bob.SendAsync("PUT", $"/orgs/{acme}/packages/container/open", """{"visibility":"public"}""")).Status);
        var opened = await bob.SendAsync("PATCH", $"/orgs/{acme}/packages/container/mine", """{"visibility":"public"}""");
        Assert.Equal(HttpStatusCode.UnprocessableEntity, opened.Status);
        Assert.Contains("berth org settings", opened.Message, StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.NotFound, (await eve.SendAsync("PUT", $"/orgs/{acme}/packages/container/theirs", "{}")).Status);
        await ada.DoAsync("PATCH", $"/orgs/{acme}/settings/packages", """{"members_can_create_public_packages":true}""");
        await bob.DoAsync("PATCH", $"/orgs/{acme}/packages/container/mine", """{"visibility":"public"}""");
        await ada.DoAsync("PATCH", $"/orgs/{acme}/settings/packages", """{"allowed_visibilities":["private"]}""");
        Assert.Equal(
            HttpStatusCode.UnprocessableEntity,
            (await ada.SendAsync("PATCH", $"/orgs/{acme}/packages/container/mine", """{"visibility":"internal"}""")).Status);
        await ada.DoAsync("PATCH", $"/orgs/{acme}/packages/container/mine", """{"visibility":"private"}""");
    }

    [Fact]
    public async Task A_name_is_kept_for_those_who_write_to_the_repository_of_that_name()
    {
        var ada = await shared.Server.UserAsync();
        var bob = await shared.Server.UserAsync("bob");
        var acme = await ada.OrganizationAsync();
        await ada.DoAsync("PUT", $"/orgs/{acme}/memberships/{bob.Login}");
        var app = await ada.RepositoryAsync(acme);
        Assert.Equal(HttpStatusCode.Forbidden, (await bob.SendAsync("PUT", $"/orgs/{acme}/packages/container/app%2Fbase", "{}")).Status);
        await ada.DoAsync("PUT", $"/repos/{app}/collaborators/{bob.Login}", """{"permission":"write"}""");
        await bob.DoAsync("PUT", $"/orgs/{acme}/packages/container/app%2Fbase", "{}");
    }

    [Fact]
    public async Task Only_an_admin_with_the_scope_changes_a_package()
    {
        var ada = await shared.Server.UserAsync();
        var bob = await shared.Server.UserAsync("bob");
        await ada.PushAsync($"{ada.Login}/web");
        var path = $"/users/{ada.Login}/packages/container/web";
        Assert.Equal(HttpStatusCode.NotFound, (await bob.SendAsync("PATCH", path, "{}")).Status);
        await ada.DoAsync("PUT", $"{path}/access/users/{bob.Login}", """{"role":"write"}""");
        var refused = await bob.SendAsync("PATCH", path, "{}");
        Assert.Equal(HttpStatusCode.Forbidden, refused.Status);
        Assert.Contains("needs the role admin, has write", refused.Message, StringComparison.Ordinal);
        await ada.DoAsync("PUT", $"{path}/access/users/{bob.Login}", """{"role":"admin"}""");
        Assert.Equal(HttpStatusCode.Forbidden, (await (await bob.WithTokenAsync("read:packages")).SendAsync("PATCH", path, "{}")).Status);
        await bob.DoAsync("PATCH", path, """{"visibility":"public"}""");
    }

    [Fact]
    public async Task Linking_later_keeps_grants_and_leaves_inheritance_off()
    {
        var ada = await shared.Server.UserAsync();
        var bob = await shared.Server.UserAsync("bob");
        var carol = await shared.Server.UserAsync("carol");
        await ada.PushAsync($"{ada.Login}/web");
        await ada.DoAsync("PUT", $"/user/packages/container/web/access/users/{bob.Login}", """{"role":"write"}""");
        var app = await ada.RepositoryAsync(ada.Login);
        await ada.DoAsync("PUT", $"/repos/{app}/collaborators/{carol.Login}", """{"permission":"admin"}""");
        var linked = await ada.DoAsync("PATCH", "/user/packages/container/web", $$"""{"repository":"{{app}}"}""");
        Assert.False(linked["inherits_access"].GetBoolean());
        Assert.Equal(HttpStatusCode.OK, await bob.PullAsync($"{ada.Login}/web"));
        Assert.Equal(HttpStatusCode.Forbidden, await carol.PullAsync($"{ada.Login}/web"));
    }

    [Fact]
    public async Task Switching_inheritance_on_replaces_grants_and_off_copies_the_named_roles()
    {
        var ada = await shared.Server.UserAsync();
        var (bob, carol, dan) = (
            await shared.Server.UserAsync("bob"), await shared.Server.UserAsync("carol"), await shared.Server.UserAsync("dan"));
        var acme = await ada.OrganizationAsync();
        var app = await ada.RepositoryAsync(acme);
        await ada.DoAsync("PUT", $"/orgs/{acme}/memberships/{dan.Login}");
        await ada.DoAsync("POST", $"/orgs/{acme}/teams", """{"name":"core"}""");
        await ada.DoAsync("PUT", $"/orgs/{acme}/teams/core/repos/{app}", """{"permission":"maintain"}""");
        await ada.DoAsync("PUT", $"/repos/{app}/collaborators/{carol.Login}", """{"permission":"triage"}""");
        await ada.PushAsync($"{acme}/web");
        var path = $"/orgs/{acme}/packages/container/web";
        await ada.DoAsync("PUT", $"{path}/access/users/{bob.Login}", """{"role":"admin"}""");
        await ada.DoAsync("PATCH", path, $$"""{"repository":"{{app}}","inherit_access":true}""");
        Assert.Equal(HttpStatusCode.Forbidden, await bob.PullAsync($"{acme}/web"));
        Assert.Equal(HttpStatusCode.OK, await carol.PullAsync($"{acme}/web"));
        await ada.DoAsync("PATCH", path, """{"inherit_access":false}""");
        var access = await ada.GetAsync($"{path}/access");
        Assert.Equal(
            [(carol.Login, "read"), (dan.Login, "read")],
            access["users"].EnumerateArray().Select(u => (u.GetProperty("name").GetString()!, u.GetProperty("role").GetString()!)).Order());
        Assert.Equal("""[{"name":"core","role":"write","source":"granted"}]""", access["teams"].GetRawText());
        Assert.Equal($$"""[{"name":"{{app}}","role":"write","source":"Actions list"}]""", access["actions"].GetRawText());
        Assert.Equal($$"""[{"name":"{{app}}","role":"read","source":"Codespaces list"}]""", access["codespaces"].GetRawText());
    }

    [Fact]
    public async Task Unlinking_an_inheriting_package_copies_roles_and_a_new_link_brings_no_access()
    {
        var ada = await shared.Server.UserAsync();
        var (bob, carol) = (await shared.Server.UserAsync("bob"), await shared.Server.UserAsync("carol"));
        var app = await ada.RepositoryAsync(ada.Login);
        var other = await ada.RepositoryAsync(ada.Login, "other");
        await ada.DoAsync("PUT", $"/repos/{app}/collaborators/{bob.Login}", """{"permission":"read"}""");
        await ada.DoAsync("PUT", $"/repos/{other}/collaborators/{carol.Login}", """{"permission":"read"}""");
        await ada.DoAsync("PUT", "/user/packages/container/web", $$"""{"repository":"{{app}}","inherit_access":true}""");
        var moved = await ada.DoAsync("PATCH", "/user/packages/container/web", $$"""{"repository":"{{other}}"}""");
        Assert.False(moved["inherits_access"].GetBoolean());
        await bob.DoAsync("GET", $"/users/{ada.Login}/packages/container/web");
        Assert.Equal(HttpStatusCode.NotFound, (await carol.GetAsync($"/users/{ada.Login}/packages/container/web")).Status);
        var unlinked = await ada.DoAsync("PATCH", "/user/packages/container/web", """{"repository":null}""");
        Assert.Equal("null", unlinked["repository"].GetRawText());
    }

    [Fact]
    public async Task A_package_is_linked_to_repositories_of_its_owner_only()
    {
        var ada = await shared.Server.UserAsync();
        var acme = await ada.OrganizationAsync();
        var app = await ada.RepositoryAsync(acme);
        await ada.PushAsync($"{ada.Login}/web");
        Assert.Equal(
            HttpStatusCode.UnprocessableEntity,
            (await ada.SendAsync("PATCH", "/user/packages/container/web", $$"""{"repository":"{{app}}"}""")).Status);
    }

    [Fact]
    public async Task A_deleted_package_is_gone_at_once_and_comes_back_whole()
    {
        var ada = await shared.Server.UserAsync();
        var bob = await shared.Server.UserAsync("bob");
        await ada.PushAsync($"{ada.Login}/web", "1");
        await ada.DoAsync("PUT", $"/user/packages/container/web/access/users/{bob.Login}", """{"role":"read"}""");
        var deleted = await ada.SendAsync("DELETE", "/user/packages/container/web");
        Assert.Equal((HttpStatusCode.NoContent, ""), (deleted.Status, deleted.Body));
        Assert.Equal(HttpStatusCode.NotFound, await ada.PullAsync($"{ada.Login}/web", "1"));
        Assert.Equal(HttpStatusCode.NotFound, (await bob.SendAsync("POST", $"/users/{ada.Login}/packages/container/web/restore")).Status);
        Assert.Equal(HttpStatusCode.NoContent, (await ada.SendAsync("POST", "/user/packages/container/web/restore")).Status);
        Assert.Equal(HttpStatusCode.OK, await bob.PullAsync($"{ada.Login}/web", "1"));
        Assert.Equal(HttpStatusCode.NotFound, (await ada.SendAsync("POST", "/user/packages/container/web/restore")).Status);
    }

    [Fact]
    public async Task A_deleted_package_does_not_come_back_over_a_new_one()
    {
        var ada = await shared.Server.UserAsync();
        await ada.PushAsync($"{ada.Login}/web", "1");
        await ada.DoAsync("DELETE", "/user/packages/container/web");
        await ada.PushAsync($"{ada.Login}/web", "2");
        Assert.Equal(HttpStatusCode.UnprocessableEntity, (await ada.SendAsync("POST", "/user/packages/container/web/restore")).Status);
        Assert.Equal(HttpStatusCode.NotFound, await ada.PullAsync($"{ada.Login}/web", "1"));
    }

    [Fact]
    public async Task A_package_comes_back_for_thirty_days_and_never_after_a_purge()
    {
        await using var server = await BerthServer.StartAsync(manualClock: true);
        var ada = await server.UserAsync();
        await ada.PushAsync($"{ada.Login}/web");
        await ada.DoAsync("DELETE", "/user/packages/container/web");
        server.Clock!.Advance(TimeSpan.FromDays(30));
        await ada.DoAsync("POST", "/user/packages/container/web/restore");
        await ada.DoAsync("DELETE", "/user/packages/container/web");
        server.Clock.Advance(TimeSpan.FromDays(30) + TimeSpan.FromSeconds(1));
        Assert.Equal(HttpStatusCode.NotFound, (await ada.SendAsync("POST", "/user/packages/container/web/restore")).Status);
        await ada.PushAsync($"{ada.Login}/other");
        await ada.DoAsync("DELETE", "/user/packages/container/other?purge=true");
        Assert.Equal(HttpStatusCode.NotFound, (await ada.SendAsync("POST", "/user/packages/container/other/restore")).Status);
    }

    [Fact]
    public async Task Deleting_needs_the_scope_beside_admin()
    {
        var ada = await shared.Server.UserAsync();
        await ada.PushAsync($"{ada.Login}/web");
        var refused = await (await ada.WithTokenAsync("write:packages")).SendAsync("DELETE", "/user/packages/container/web");
        Assert.Equal(HttpStatusCode.Forbidden, refused.Status);
        Assert.Contains("delete:packages", refused.Message, StringComparison.Ordinal);
    }

    private static async Task<IEnumerable<string?>> NamesAsync(Person person, string owner, string query = "") =>
        (await person.DoAsync("GET", $"/orgs/{owner}/packages?package_type=container{query}")).Json.EnumerateArray()
        .Select(package => package.GetProperty("name").GetString()).Order(StringComparer.Ordinal);
}
