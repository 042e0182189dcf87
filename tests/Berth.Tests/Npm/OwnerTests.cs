using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using Berth.Tests.TestServer;

namespace Berth.Tests.Npm;

/// <summary><c>npm owner</c>: what it reads, and the list that it sends back.</summary>
public sealed class OwnerTests(SharedServer shared)
{
    [Fact]
    public async Task An_owner_is_added_manages_the_package_and_is_removed()
    {
        var (ada, bob) = (await shared.Server.UserAsync(), await shared.Server.UserAsync("bob"));
        var name = $"@{ada.Login}/lib";
        await ada.PublishAsync(name);
        Assert.Equal(ada.Login, Names(await ListAsync(ada, name)));
        Assert.Equal(
            bob.Login, (await ada.CallAsync("GET", $"/npm/-/user/org.couchdb.user:{bob.Login}"))["name"].GetString());

        var added = await ReplaceAsync(ada, name, ada.Login, bob.Login);
        Assert.True(added.Status == HttpStatusCode.OK, added.Body);
        Assert.Equal("admin", (await ada.GetAsync("/user/packages/npm/lib/access"))["users"][0].GetProperty("role").GetString());
        Assert.Equal($"{ada.Login} {bob.Login}", Names(await ListAsync(bob, name)));

        Assert.Equal(HttpStatusCode.OK, (await ReplaceAsync(bob, name, ada.Login)).Status);
        Assert.Equal(HttpStatusCode.NotFound, (await ListAsync(bob, name)).Status);
        Assert.Equal(ada.Login, Names(await ListAsync(ada, name)));
    }

    [Fact]
    public async Task The_account_itself_stays_and_nobody_is_made_up()
    {
        var ada = await shared.Server.UserAsync();
        var name = $"@{ada.Login}/lib";
        await ada.PublishAsync(name);
        var gone = await ReplaceAsync(ada, name);
        Assert.Equal(HttpStatusCode.BadRequest, gone.Status);
        Assert.Contains("stays its owner", gone.Error(), StringComparison.Ordinal);
        foreach (var nobody in new[] { "no-such-user", "no\u0000body", "" })
        {
            Assert.Equal(HttpStatusCode.NotFound, (await ReplaceAsync(ada, name, ada.Login, nobody)).Status);
        }

        Assert.Equal(HttpStatusCode.NotFound, (await ada.CallAsync("GET", "/npm/-/user/org.couchdb.user:no-such-user")).Status);
        Assert.Equal(HttpStatusCode.Conflict, (await PutAsync(ada, name, "0-berth", ada.Login)).Status);
    }

    [Fact]
    public async Task Who_publishes_and_does_not_manage_sees_the_account_alone_and_changes_nothing()
    {
        var (ada, bob, eve) = (
            await shared.Server.UserAsync(), await shared.Server.UserAsync("bob"), await shared.Server.UserAsync("eve"));
        var name = $"@{ada.Login}/lib";
        await ada.PublishAsync(name);
        await ReplaceAsync(ada, name, ada.Login, eve.Login);
        await ada.DoAsync("PUT", $"/user/packages/npm/lib/access/users/{bob.Login}", """{"role":"write"}""");
        Assert.Equal(ada.Login, Names(await ListAsync(bob, name)));
        Assert.Equal(HttpStatusCode.Forbidden, (await ReplaceAsync(bob, name, ada.Login)).Status);
        Assert.Equal(HttpStatusCode.Forbidden, (await ReplaceAsync(bob, name, ada.Login, eve.Login, bob.Login)).Status);
        Assert.Equal($"{ada.Login} {eve.Login}", Names(await ListAsync(ada, name)));
    }

    [Fact]
    public async Task What_is_inherited_is_not_granted_beside()
    {
        var (ada, bob) = (await shared.Server.UserAsync(), await shared.Server.UserAsync("bob"));
        var app = await ada.RepositoryAsync(ada.Login);
        var name = $"@{ada.Login}/lib";
        await ada.DoAsync("PUT", "/user/packages/npm/lib", $$"""{"repository":"{{app}}","inherit_access":true}""");
        await ada.PublishAsync(name);
        var locked = await ReplaceAsync(ada, name, ada.Login, bob.Login);
        Assert.Equal(HttpStatusCode.UnprocessableEntity, locked.Status);
        Assert.Contains("inherits its access from", locked.Error(), StringComparison.Ordinal);
    }

    private static Task<Reply> ListAsync(Person person, string name) => SendAsync(person, HttpMethod.Get, NpmRequests.Path(name), null);

    /// <summary>Sends what was read, with other people in it, as npm does.</summary>
    private static async Task<Reply> ReplaceAsync(Person person, string name, params string[] logins) =>
        await PutAsync(person, name, (await ListAsync(person, name))["_rev"].GetString()!, logins);

    private static Task<Reply> PutAsync(Person person, string name, string revision, params string[] logins)
    {
        var people = new JsonArray([.. logins.Select(login => new JsonObject { ["name"] = login, ["email"] = "" })]);
        var body = new JsonObject { ["_id"] = name, ["maintainers"] = people };
        return SendAsync(person, HttpMethod.Put, $"{NpmRequests.Path(name)}/-rev/{revision}", body);
    }

    private static async Task<Reply> SendAsync(Person person, HttpMethod method, string path, JsonObject? body)
    {
        using var client = person.Server.Client(person.Token);
        using var request = new HttpRequestMessage(method, path) { Headers = { { "npm-command", "owner" } } };
        if (body is not null)
        {
            request.Content = new StringContent(body.ToJsonString(), Encoding.UTF8, "application/json");
        }

        var response = await client.SendAsync(request, TestContext.Current.CancellationToken);
        return new Reply(response.StatusCode, await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken), response);
    }

    private static string Names(Reply packument) =>
        string.Join(' ', packument["maintainers"].EnumerateArray().Select(one => one.GetProperty("name").GetString()));
}
