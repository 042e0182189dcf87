using Berth.Server.Database;
using Berth.Tests.Codespaces;
using Berth.Tests.TestServer;
using Microsoft.Extensions.DependencyInjection;

namespace Berth.Tests.Api;

/// <summary>A list needs as many statements for many rows as for one.</summary>
public sealed class ListStatementTests
{
    private long _statements;

    [Fact]
    public async Task A_list_of_many_takes_as_many_statements_as_a_list_of_one()
    {
        await using var server = await BerthServer.StartAsync(manualClock: false, "BERTH_DOCKER_HOST=unix:///nonexistent/docker.sock");
        // Nothing is cached here, because the number of statements would depend on other writes, and on PostgreSQL every other test writes.
        var db = server.Services.GetRequiredService<Db>();
        (db.Remembers, db.Listener) = (false, _ => Interlocked.Increment(ref _statements));
        var owner = await server.UserAsync("owner");
        var organization = await owner.OrganizationAsync();
        var team = (await owner.DoAsync("POST", $"/orgs/{organization}/teams", """{"name":"team"}"""))["slug"].GetString()!;
        string[] lists =
        [
            "/user/repos", $"/orgs/{organization}/repos", $"/orgs/{organization}/teams", $"/orgs/{organization}/teams/{team}/repos",
            $"/orgs/{organization}/members",
            "/user/orgs", "/user/memberships/orgs", "/user/tokens", $"/orgs/{organization}/packages?package_type=container",
            "/user/codespaces", $"/orgs/{organization}/codespaces",
        ];
        await GrowAsync(owner, organization, team, 0);
        var one = await CountAsync(owner, lists);
        for (var i = 1; i < 4; i++)
        {
            await GrowAsync(owner, organization, team, i);
        }

        Assert.Equal(one, await CountAsync(owner, lists));
    }

    /// <summary>Adds one entry to each list.</summary>
    private static async Task GrowAsync(Person owner, string organization, string team, int number)
    {
        var repository = await owner.RepositoryAsync(organization, $"app{number}");
        await owner.DoAsync("PUT", $"/orgs/{organization}/teams/{team}/repos/{repository}", "{}");
        await owner.PushAsync($"{organization}/pack{number}");
        await owner.DoAsync("PATCH", $"/orgs/{organization}/packages/container/pack{number}", $$"""{"repository":"{{repository}}"}""");
        await owner.OrganizationAsync();
        var codespace = (await owner.DoAsync("POST", $"/repos/{repository}/codespaces", "{}"))["name"].GetString()!;
        using var client = owner.Server.Client(owner.Token);
        await CodespaceServer.LogAsync(client, codespace);
    }

    /// <summary>The smallest count of several attempts, since other requests may run meanwhile.</summary>
    private async Task<Dictionary<string, long>> CountAsync(Person caller, string[] lists)
    {
        Dictionary<string, long> counts = [];
        foreach (var list in lists)
        {
            for (var i = 0; i < 5; i++)
            {
                var before = Interlocked.Read(ref _statements);
                await caller.DoAsync("GET", list);
                counts[list] = Math.Min(counts.GetValueOrDefault(list, long.MaxValue), Interlocked.Read(ref _statements) - before);
            }
        }

        return counts;
    }
}
