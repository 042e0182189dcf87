using Berth.Server.Database;
using Berth.Server.GarbageCollection;
using Berth.Tests.Registry;
using Berth.Tests.TestServer;
using Microsoft.Extensions.DependencyInjection;

namespace Berth.Tests.Packages;

/// <summary>Every change of a package records an event that says who and what. Everything later reads only these events.</summary>
public sealed class PackageEventTests : IAsyncLifetime
{
    private BerthServer _server = null!;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => _server = await BerthServer.StartAsync(manualClock: true);

    public ValueTask DisposeAsync() => _server.DisposeAsync();

    [Fact]
    public async Task A_push_makes_package_version_and_tag_and_a_push_of_the_same_nothing()
    {
        var ada = await _server.UserAsync();
        var first = await ada.PushAsync($"{ada.Login}/web", "1");
        await ada.PushAsync($"{ada.Login}/web", "1");
        var second = await ada.PushAsync($"{ada.Login}/web", "1", "\"n\":\"2\"");
        Assert.Equal(
            [
                "created new=private", $"grant_changed subject=user:{ada.Login} new=admin", $"version_published version={first}",
                $"tag_moved version={first} tag=1 new={first}", $"version_published version={second}",
                $"tag_moved version={second} tag=1 old={first} new={second}",
            ],
            await EventsAsync("web"));
        var names = await _server.Services.GetRequiredService<Db>().ReadAsync(
            session => session.QueryAsync<string>("select owner || ' ' || type || ' ' || name || ' ' || actor from package_events"), Token);
        Assert.Equal($"{ada.Login} container web user:{await IdAsync(ada.Login)}", Assert.Single(names.Distinct()));
    }

    [Fact]
    public async Task Both_surfaces_delete_and_restore_the_same_way()
    {
        var ada = await _server.UserAsync();
        using var registry = new TestRepository(_server, $"{ada.Login}/web", ada.Token);
        await ada.PushAsync(registry.Name, "keep");
        var one = await ada.PushAsync(registry.Name, "1", "\"n\":\"1\"");
        var two = await ada.PushAsync(registry.Name, "2", "\"n\":\"2\"");
        var before = (await EventsAsync("web")).Count;
        _server.Clock!.Advance(TimeSpan.FromMinutes(1));
        Assert.Equal(202, await registry.StatusAsync("DELETE", $"manifests/{one}"));
        await ada.DoAsync("DELETE", $"/user/packages/container/web/versions/{await VersionAsync(ada, two)}");
        Assert.Equal(
            [
                $"version_deleted version={one}", $"tag_deleted version={one} tag=1 old={one}", $"version_deleted version={two}",
                $"tag_deleted version={two} tag=2 old={two}",
            ],
            (await EventsAsync("web"))[before..]);

        // What one of them writes, the other writes too.
        var deleted = (await ada.DoAsync("GET", "/user/packages/container/web/versions?state=deleted")).Json.EnumerateArray()
            .Select(version => (version.GetProperty("deleted_at").GetString(), version.GetProperty("updated_at").GetString())).ToList();
        Assert.Equal(2, deleted.Count);
        Assert.Single(deleted.Distinct());
        Assert.All(deleted, times => Assert.Equal(times.Item1, times.Item2));
        Assert.Equal(deleted[0].Item1, (await ada.GetAsync("/user/packages/container/web"))["updated_at"].GetString());

        var id = (await ada.DoAsync("GET", "/user/packages/container/web/versions?state=deleted")).Json[0].GetProperty("id").GetInt64();
        await ada.DoAsync("POST", $"/user/packages/container/web/versions/{id}/restore");
        Assert.Equal([$"version_restored version={two}", $"tag_moved version={two} tag=2 new={two}"], (await EventsAsync("web"))[^2..]);
        Assert.Equal(202, await registry.StatusAsync("DELETE", "manifests/2"));
        Assert.Equal($"tag_deleted version={two} tag=2 old={two}", (await EventsAsync("web"))[^1]);
        await ada.DoAsync("DELETE", $"/user/packages/container/web/versions/{id}?purge=true");
        Assert.Equal($"version_purged version={two}", (await EventsAsync("web"))[^1]);
    }

    [Fact]
    public async Task Settings_and_access_say_what_was_and_what_is()
    {
        var ada = await _server.UserAsync();
        var bob = await _server.UserAsync("bob");
        var app = await ada.RepositoryAsync(ada.Login);
        await ada.DoAsync("PUT", "/user/packages/container/web", "{}");
        var access = "/user/packages/container/web/access";
        var before = (await EventsAsync("web")).Count;
        await ada.DoAsync("PUT", $"{access}/users/{bob.Login}", """{"role":"read"}""");
        await ada.DoAsync("PUT", $"{access}/users/{bob.Login}", """{"role":"read"}""");
        await ada.DoAsync("PUT", $"{access}/users/{bob.Login}", """{"role":"write"}""");
        await ada.DoAsync("DELETE", $"{access}/users/{bob.Login}");
        await ada.DoAsync("PUT", $"{access}/actions/{app}", """{"role":"write"}""");
        await ada.DoAsync("DELETE", $"{access}/actions/{app}");
        await ada.DoAsync("PUT", $"{access}/codespaces/{app}");
        await ada.DoAsync("DELETE", $"{access}/codespaces/{app}");
        await ada.DoAsync("PATCH", "/user/packages/container/web", $$"""{"visibility":"public"}""");
        await ada.DoAsync("PATCH", "/user/packages/container/web", $$"""{"repository":"{{app}}"}""");
        Assert.Equal(
            [
                $"grant_changed subject=user:{bob.Login} new=read", $"grant_changed subject=user:{bob.Login} old=read new=write",
                $"grant_changed subject=user:{bob.Login} old=write",
                $"actions_changed subject=repository:{app} new=write", $"actions_changed subject=repository:{app} old=write",
                $"codespaces_changed subject=repository:{app} new=read", $"codespaces_changed subject=repository:{app} old=read",
                "visibility_changed old=private new=public", $"link_changed new={app}",
            ],
            (await EventsAsync("web"))[before..]);
    }

    [Fact]
    public async Task A_package_follows_its_repository()
    {
        var ada = await _server.UserAsync();
        var app = await ada.RepositoryAsync(ada.Login, visibility: "public");
        await ada.DoAsync(
            "PUT", "/user/packages/container/web", $$"""{"visibility":"public","repository":"{{app}}","inherit_access":true}""");
        await ada.DoAsync("PUT", $"/user/packages/container/web/access/codespaces/{app}");
        var before = (await EventsAsync("web")).Count;
        await ada.DoAsync("PATCH", $"/repos/{app}", """{"visibility":"private"}""");
        var renamed = (await ada.DoAsync("PATCH", $"/repos/{app}", """{"name":"renamed"}"""))["full_name"].GetString();
        await ada.DoAsync("DELETE", $"/repos/{renamed}");
        Assert.Equal(
            [
                "visibility_changed old=public new=private", $"repository_renamed old={app} new={renamed}",
                $"repository_deleted old={renamed}",
                $"link_changed old={renamed}", "inheritance_changed old=on new=off",
                $"codespaces_changed subject=repository:{renamed} old=read",
            ],
            (await EventsAsync("web"))[before..]);
    }

    [Fact]
    public async Task Members_teams_and_accounts_that_go_take_their_access_along()
    {
        var ada = await _server.UserAsync();
        var bob = await _server.UserAsync("bob");
        var eve = await _server.UserAsync("eve");
        var acme = await ada.OrganizationAsync();
        await ada.DoAsync("PUT", $"/orgs/{acme}/memberships/{bob.Login}", """{"role":"member"}""");
        await ada.DoAsync("POST", $"/orgs/{acme}/teams", """{"name":"core"}""");
        await ada.DoAsync("PUT", $"/orgs/{acme}/packages/container/web", "{}");
        var access = $"/orgs/{acme}/packages/container/web/access";
        await ada.DoAsync("PUT", $"{access}/users/{bob.Login}", """{"role":"read"}""");
        await ada.DoAsync("PUT", $"{access}/users/{eve.Login}", """{"role":"write"}""");
        await ada.DoAsync("PUT", $"{access}/teams/core", """{"role":"admin"}""");
        var before = (await EventsAsync("web")).Count;
        await ada.DoAsync("DELETE", $"/orgs/{acme}/members/{bob.Login}");
        await ada.DoAsync("DELETE", $"/orgs/{acme}/teams/core");
        await _server.Administrator().DoAsync("DELETE", $"/admin/users/{eve.Login}");
        await ada.DoAsync("DELETE", $"/orgs/{acme}");
        Assert.Equal(
            [
                $"grant_changed subject=user:{bob.Login} old=read", "grant_changed subject=team:core old=admin",
                $"grant_changed subject=user:{eve.Login} old=write", "owner_deleted",
            ],
            (await EventsAsync("web"))[before..]);
    }

    [Fact]
    public async Task Deletion_restoration_and_collection_of_a_package()
    {
        var ada = await _server.UserAsync();
        var digest = await ada.PushAsync($"{ada.Login}/web", "1");
        var before = (await EventsAsync("web")).Count;
        await ada.DoAsync("DELETE", "/user/packages/container/web");
        await ada.DoAsync("POST", "/user/packages/container/web/restore");
        await ada.DoAsync("DELETE", "/user/packages/container/web");
        _server.Clock!.Advance(TimeSpan.FromDays(31));
        await _server.Services.GetRequiredService<CollectGarbage>().RunOnceAsync(Token);
        await ada.DoAsync("PUT", "/user/packages/container/other", "{}");
        await ada.DoAsync("DELETE", "/user/packages/container/other?purge=true");
        Assert.Equal(
            ["deleted", "restored", "deleted", $"version_collected version={digest}", "collected"], (await EventsAsync("web"))[before..]);
        Assert.Equal("purged", (await EventsAsync("other"))[^1]);
    }

    [Fact]
    public async Task An_event_says_who_with_which_token_from_where_in_which_request()
    {
        var ada = await _server.UserAsync();
        var app = await ada.RepositoryAsync(ada.Login);
        await ada.PushAsync($"{ada.Login}/web", "1");
        var linked = await ada.DoAsync("PATCH", "/user/packages/container/web", $$"""{"repository":"{{app}}"}""");
        await ada.DoAsync("DELETE", "/user/packages/container/web");
        _server.Clock!.Advance(TimeSpan.FromDays(31));
        await _server.Services.GetRequiredService<CollectGarbage>().RunOnceAsync(Token);
        var actors = await _server.Services.GetRequiredService<Db>().ReadAsync(
            session => session.QueryAsync<Actor>("select * from package_events where name = 'web' order by id"), Token);
        var token = (await ada.DoAsync("GET", "/user/tokens")).Json[0].GetProperty("id").GetInt64();
        var repository = (await ada.DoAsync("GET", $"/repos/{app}"))["id"].GetInt64();

        // A push to the registry, a change by the REST API, and what the server does by itself.
        var expected = new Actor
        {
            Kind = "version_published",
            ActorName = ada.Login,
            TokenId = token,
            Address = "127.0.0.1",
            RequestId = actors[0].RequestId,
        };
        Assert.Equal(expected, actors.Single(actor => actor.Kind == "version_published"));
        Assert.NotEmpty(expected.RequestId!);
        Assert.Equal(
            expected with { Kind = "link_changed", RequestId = linked.Header("X-GitHub-Request-Id"), RepositoryId = repository },
            actors.Single(actor => actor.Kind == "link_changed"));
        Assert.All(
            actors.Where(actor => actor.Kind is "version_collected" or "collected"),
            actor => Assert.Equal(new Actor { Kind = actor.Kind, RepositoryId = repository }, actor));
        Assert.Equal("collected", actors[^1].Kind);
    }

    [Fact]
    public async Task What_is_refused_leaves_no_event()
    {
        var ada = await _server.UserAsync();
        using var registry = new TestRepository(_server, $"{ada.Login}/web", ada.Token);
        var platform = await ada.PushAsync(registry.Name, "1");
        await ada.PushIndexAsync(registry.Name, "multi", platform);
        var before = await EventsAsync("web");
        Assert.Equal(405, await registry.StatusAsync("DELETE", $"manifests/{platform}"));
        var missing = TestRepository.Image(TestRepository.Descriptor(TestRepository.Sha256([1]), 1), []);
        Assert.Equal(400, (await registry.PutAsync("2", missing)).Status);
        Assert.Equal(before, await EventsAsync("web"));
    }

    private async Task<List<string>> EventsAsync(string name) => await _server.Services.GetRequiredService<Db>().ReadAsync(
        session => session.QueryAsync<string>(
            """
            select kind || coalesce(' version=' || version, '') || coalesce(' tag=' || tag, '') || coalesce(' subject=' || subject, '')
                || coalesce(' old=' || old_value, '') || coalesce(' new=' || new_value, '')
            from package_events where name = @name order by id
            """,
            new { name }),
        Token);

    private sealed record Actor
    {
        public string Kind { get; init; } = "";

        public string? ActorName { get; init; }

        public long? TokenId { get; init; }

        public string? Address { get; init; }

        public string? RequestId { get; init; }

        public long? RepositoryId { get; init; }
    }

    private Task<long> IdAsync(string login) => _server.Services.GetRequiredService<Db>().ReadAsync(
        session => session.SingleAsync<long>("select id from accounts where login = @login", new { login }), Token);

    private static async Task<long> VersionAsync(Person person, string digest) =>
        (await person.DoAsync("GET", "/user/packages/container/web/versions")).Json.EnumerateArray()
            .Single(version => version.GetProperty("name").GetString() == digest).GetProperty("id").GetInt64();
}
