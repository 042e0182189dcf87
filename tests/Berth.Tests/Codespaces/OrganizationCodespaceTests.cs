using System.Net;
using Berth.Tests.TestServer;

namespace Berth.Tests.Codespaces;

/// <summary>What an organization decides and does about codespaces of its repositories, on a machine without a container engine.</summary>
public sealed class OrganizationCodespaceTests(CodespaceServer shared)
{
    private sealed record Situation(Person Owner, Person Member, Person Outsider, string Acme, string App);

    [Fact]
    public async Task Who_may_create_one_is_the_organizations_to_say()
    {
        var world = await WorldAsync();
        var access = $"/orgs/{world.Acme}/codespaces/access";
        Assert.Equal("all_members_and_outside_collaborators", (await world.Owner.GetAsync(access))["visibility"].GetString());
        Assert.Equal((true, true), (await CreatesAsync(world.Member, world.App), await CreatesAsync(world.Outsider, world.App)));

        await world.Owner.DoAsync("PUT", access, """{"visibility":"all_members"}""");
        Assert.Equal((true, false), (await CreatesAsync(world.Member, world.App), await CreatesAsync(world.Outsider, world.App)));

        await world.Owner.DoAsync("PUT", access, """{"visibility":"selected_members"}""");
        var refused = await world.Member.SendAsync("POST", $"/repos/{world.App}/codespaces", "{}");
        Assert.Equal(HttpStatusCode.Forbidden, refused.Status);
        Assert.Contains(
            $"{world.Acme} lets selected members have codespaces, and {world.Member.Login} is not among them", refused.Message,
            StringComparison.Ordinal);
        Assert.Contains($"berth org codespaces-access add {world.Acme} {world.Member.Login}", refused.Body, StringComparison.Ordinal);
        await world.Owner.DoAsync("POST", access + "/selected_users", $$"""{"selected_usernames":["{{world.Member.Login}}"]}""");
        Assert.Equal(world.Member.Login, (await world.Owner.GetAsync(access))["selected_usernames"][0].GetString());
        Assert.Equal((true, false), (await CreatesAsync(world.Member, world.App), await CreatesAsync(world.Owner, world.App)));
        await world.Owner.DoAsync("DELETE", access + "/selected_users", $$"""{"selected_usernames":["{{world.Member.Login}}"]}""");
        Assert.False(await CreatesAsync(world.Member, world.App));

        await world.Owner.DoAsync("PUT", access, """{"visibility":"disabled"}""");
        Assert.False(await CreatesAsync(world.Owner, world.App));
    }

    [Fact]
    public async Task What_gets_inside_is_settled_one_thing_at_a_time()
    {
        var world = await WorldAsync();
        var settings = $"/orgs/{world.Acme}/settings/codespaces";
        const string Both = """{"export_registry_secrets":true,"git_credentials_inside":true}""";
        Assert.Equal(Both, (await world.Owner.GetAsync(settings)).Body);
        Assert.Equal(
            """{"export_registry_secrets":true,"git_credentials_inside":false}""",
            (await world.Owner.SendAsync("PATCH", settings, """{"git_credentials_inside":false}""")).Body);
        Assert.Equal(
            """{"export_registry_secrets":false,"git_credentials_inside":false}""",
            (await world.Owner.SendAsync("PATCH", settings, """{"export_registry_secrets":false}""")).Body);
        Assert.Equal(Both, (await world.Owner.SendAsync("PATCH", settings, Both)).Body);
    }

    [Fact]
    public async Task A_start_asks_again()
    {
        var world = await WorldAsync();
        var name = (await world.Member.DoAsync("POST", $"/repos/{world.App}/codespaces", "{}"))["name"].GetString()!;
        using var client = shared.Server.Client(world.Member.Token);
        await CodespaceServer.LogAsync(client, name);
        await world.Owner.DoAsync("PUT", $"/orgs/{world.Acme}/codespaces/access", """{"visibility":"disabled"}""");
        var refused = await world.Member.SendAsync("POST", $"/user/codespaces/{name}/start");
        Assert.Equal(HttpStatusCode.Forbidden, refused.Status);
        Assert.Contains("has switched codespaces off", refused.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("PUT", "", """{}""", "visibility is missing")]
    [InlineData("PUT", "", """{"visibility":"some"}""", "visibility must be one of")]
    [InlineData("PUT", "", """{"visibility":"all_members","selected_usernames":["MEMBER"]}""", "only with visibility selected_members")]
    [InlineData("PUT", "", """{"visibility":"selected_members","selected_usernames":["OUTSIDER"]}""", "no members of")]
    [InlineData("PUT", "", """{"visibility":"selected_members","selected_usernames":["no-such-user"]}""", "no members of")]
    [InlineData("POST", "/selected_users", """{"selected_usernames":["MEMBER"]}""", "only with visibility selected_members")]
    [InlineData("POST", "/selected_users", """{}""", "selected_usernames is missing")]
    [InlineData("DELETE", "/selected_users", """{"selected_usernames":7}""", "must be a list")]
    public async Task What_cannot_be_set_is_refused(string method, string path, string body, string message)
    {
        var world = await WorldAsync();
        var text = body.Replace("MEMBER", world.Member.Login, StringComparison.Ordinal)
            .Replace("OUTSIDER", world.Outsider.Login, StringComparison.Ordinal);
        var reply = await world.Owner.SendAsync(method, $"/orgs/{world.Acme}/codespaces/access{path}", text);
        Assert.Equal(HttpStatusCode.UnprocessableEntity, reply.Status);
        Assert.Contains(message, reply.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Owners_list_stop_and_delete_codespaces_of_the_organizations_repositories_only()
    {
        var world = await WorldAsync();
        var own = await world.Member.RepositoryAsync(world.Member.Login);
        var foreign = (await world.Member.DoAsync("POST", $"/repos/{own}/codespaces", "{}"))["name"].GetString();
        var name = (await world.Member.DoAsync("POST", $"/repos/{world.App}/codespaces", "{}"))["name"].GetString();
        await world.Outsider.DoAsync("POST", $"/repos/{world.App}/codespaces", "{}");

        Assert.Equal(2, (await world.Owner.GetAsync($"/orgs/{world.Acme}/codespaces"))["total_count"].GetInt32());
        var ofMember = await world.Owner.GetAsync($"/orgs/{world.Acme}/members/{world.Member.Login}/codespaces");
        Assert.Equal((1, name), (ofMember["total_count"].GetInt32(), ofMember["codespaces"][0].GetProperty("name").GetString()));
        var one = $"/orgs/{world.Acme}/members/{world.Member.Login}/codespaces/{name}";
        Assert.Equal(name, (await world.Owner.GetAsync(one))["name"].GetString());
        Assert.Equal(HttpStatusCode.OK, (await world.Owner.SendAsync("POST", one + "/stop")).Status);
        Assert.Equal(
            HttpStatusCode.NotFound,
            (await world.Owner.GetAsync($"/orgs/{world.Acme}/members/{world.Member.Login}/codespaces/{foreign}")).Status);
        Assert.Equal(
            HttpStatusCode.NotFound,
            (await world.Owner.SendAsync("DELETE", $"/orgs/{world.Acme}/members/{world.Outsider.Login}/codespaces/{name}")).Status);

        // Owners of the organization cannot enter it.
        Assert.Equal(HttpStatusCode.NotFound, (await world.Owner.GetAsync($"/user/codespaces/{name}")).Status);
        var deleted = await world.Owner.SendAsync("DELETE", one);
        Assert.Equal((HttpStatusCode.Accepted, "{}"), (deleted.Status, deleted.Body));
        Assert.Equal(HttpStatusCode.NotFound, (await world.Member.GetAsync($"/user/codespaces/{name}")).Status);
    }

    private static async Task<bool> CreatesAsync(Person person, string repository)
    {
        var reply = await person.SendAsync("POST", $"/repos/{repository}/codespaces", "{}");
        Assert.True(reply.Status is HttpStatusCode.Created or HttpStatusCode.Forbidden, reply.Body);
        return reply.Status == HttpStatusCode.Created;
    }

    private async Task<Situation> WorldAsync()
    {
        var (owner, member, outsider) = (
            await shared.Server.UserAsync("owner"), await shared.Server.UserAsync("member"), await shared.Server.UserAsync("outsider"));
        var acme = await owner.OrganizationAsync();
        await owner.DoAsync("PUT", $"/orgs/{acme}/memberships/{member.Login}", """{"role":"member"}""");
        var app = await owner.RepositoryAsync(acme);
        await owner.DoAsync("PUT", $"/repos/{app}/collaborators/{outsider.Login}", """{"permission":"read"}""");
        return new Situation(owner, member, outsider, acme, app);
    }
}
