using System.Net;
using Berth.Tests.TestServer;

namespace Berth.Tests.Accounts;

/// <summary>
/// A server always has a site administrator and an organization an owner, even when the last two leave at the same moment.
/// </summary>
public sealed class LastAdministratorTests(SharedServer shared)
{
    private const string Scopes = Persons.AllScopes + ",site_admin";

    [Theory]
    [InlineData("DELETE", "/users/{0}/site_admin")]
    [InlineData("DELETE", "/admin/users/{0}")]
    public async Task Two_site_administrators_cannot_remove_each_other(string method, string path)
    {
        await using var server = await BerthServer.StartAsync();
        var first = server.Administrator();
        var ada = await server.UserAsync();
        await first.DoAsync("PUT", $"/users/{ada.Login}/site_admin");
        var second = await ada.WithTokenAsync(Scopes);
        var replies = await TogetherAsync(
            server,
            "accounts",
            () => first.SendAsync(method, string.Format(null, path, ada.Login)),
            () => second.SendAsync(method, string.Format(null, path, "admin")));
        Assert.Contains(HttpStatusCode.NoContent, replies);
        Assert.Contains(true, new[] { await AdministersAsync(first), await AdministersAsync(second) });
    }

    [Fact]
    public async Task Two_owners_of_an_organization_are_not_both_removed()
    {
        var (acme, ada, bob) = await OrganizationOfTwoAsync();
        var replies = await TogetherAsync(
            shared.Server,
            "memberships",
            () => ada.SendAsync("DELETE", $"/orgs/{acme}/memberships/{bob.Login}"),
            () => bob.SendAsync("PUT", $"/orgs/{acme}/memberships/{ada.Login}", """{"role":"member"}"""));
        Assert.Single(replies, status => (int)status < 300);
        Assert.Contains(true, new[] { await OwnsAsync(ada, acme), await OwnsAsync(bob, acme) });
    }

    [Fact]
    public async Task Two_owners_of_an_organization_are_not_both_deleted()
    {
        var (acme, ada, bob) = await OrganizationOfTwoAsync();
        var admin = shared.Server.Administrator();
        var replies = await TogetherAsync(
            shared.Server,
            "accounts",
            () => admin.SendAsync("DELETE", $"/admin/users/{ada.Login}"),
            () => admin.SendAsync("DELETE", $"/admin/users/{bob.Login}"));
        Assert.Equal([HttpStatusCode.NoContent, HttpStatusCode.UnprocessableEntity], replies.Order());
        Assert.Contains(true, new[] { await OwnsAsync(ada, acme), await OwnsAsync(bob, acme) });
    }

    [Fact]
    public async Task Of_two_owners_one_is_not_deleted_while_the_other_leaves()
    {
        var (acme, ada, bob) = await OrganizationOfTwoAsync();
        var replies = await TogetherAsync(
            shared.Server,
            "memberships",
            () => shared.Server.Administrator().SendAsync("DELETE", $"/admin/users/{ada.Login}"),
            () => bob.SendAsync("DELETE", $"/orgs/{acme}/memberships/{bob.Login}"));
        Assert.Equal([HttpStatusCode.NoContent, HttpStatusCode.UnprocessableEntity], replies.Order());
        Assert.Contains(true, new[] { await OwnsAsync(ada, acme), await OwnsAsync(bob, acme) });
    }

    [Fact]
    public async Task Who_becomes_the_only_owner_while_being_deleted_leaves_no_organization_without_one()
    {
        var admin = shared.Server.Administrator();
        var ada = await shared.Server.UserAsync();
        var acme = Persons.Unique("acme");
        var replies = await TogetherAsync(
            shared.Server,
            "accounts",
            () => admin.SendAsync("DELETE", $"/admin/users/{ada.Login}"),
            () => admin.SendAsync("POST", "/admin/organizations", $$"""{"login":"{{acme}}","admin":"{{ada.Login}}"}"""));
        Assert.Single(replies, status => (int)status < 300);
        Assert.Equal(
            (await admin.GetAsync($"/users/{ada.Login}")).Status,
            (await admin.GetAsync($"/orgs/{acme}")).Status);
    }

    private async Task<(string Acme, Person Ada, Person Bob)> OrganizationOfTwoAsync()
    {
        var ada = await shared.Server.UserAsync("ada");
        var bob = await shared.Server.UserAsync("bob");
        var acme = await ada.OrganizationAsync();
        await ada.DoAsync("PUT", $"/orgs/{acme}/memberships/{bob.Login}", """{"role":"admin"}""");
        return (acme, ada, bob);
    }

    /// <summary>Both requests have read what they decide by, if they read it before they write, before either goes on.</summary>
    private static async Task<HttpStatusCode[]> TogetherAsync(BerthServer server, string table, params Func<Task<Reply>>[] requests)
    {
        Task<Reply>[] running;
        await using (var held = await HeldTable.HoldAsync(server, table))
        {
            running = [.. requests.Select(request => request())];
            await held.UntilWaitingAsync(running);
        }

        return [.. (await Task.WhenAll(running)).Select(reply => reply.Status)];
    }

    private static async Task<bool> AdministersAsync(Person person) =>
        (await person.SendAsync("POST", "/admin/users", $$"""{"login":"{{Persons.Unique("bob")}}"}""")).Status == HttpStatusCode.Created;

    private static async Task<bool> OwnsAsync(Person person, string organization) =>
        (await person.SendAsync(
            "PUT", $"/orgs/{organization}/memberships/{person.Login}", """{"role":"admin"}""")).Status == HttpStatusCode.OK;
}
