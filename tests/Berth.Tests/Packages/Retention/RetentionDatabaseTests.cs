using Berth.Server.Database;
using Berth.Server.Packages.References;
using Berth.Server.Packages.Retention;
using Berth.Tests.TestServer;
using CsCheck;
using Microsoft.Extensions.DependencyInjection;

namespace Berth.Tests.Packages.Retention;

/// <summary>Random packages in the real database. A run removes what the plan says, and restoring brings all of it back.</summary>
public sealed class RetentionDatabaseTests
{
    private const int Packages = 40;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Whatever_a_run_removes_comes_back_whole()
    {
        await using var server = await BerthServer.StartAsync(manualClock: false);
        var ada = await server.UserAsync();
        var db = server.Services.GetRequiredService<Db>();
        var random = PCG.Parse("0N0XIzNsQ0O2");
        for (var number = 0; number < Packages; number++)
        {
            var graph = RandomGraphs.Graph.Generate(random, null, out _);
            var policy = RandomGraphs.Policy.Generate(random, null, out _);
            await ada.DoAsync("PUT", $"/user/packages/container/web{number}", "{}");
            var package = await db.WriteAsync(session => StoreAsync(session, $"web{number}", graph), Token);
            var before = await StateAsync(db, package);
            await db.WriteAsync(
                session => RetentionTable.SetAsync(session, null, package, policy, "user:0", DateTimeOffset.UnixEpoch), Token);
            var planned = (await server.Services.GetRequiredService<RunRetention>().PreviewAsync(package, null, Token)).Removes;
            var run = (await ada.DoAsync("POST", $"/user/packages/container/web{number}/retention/runs")).Json;
            var removed = run.GetProperty("removals").EnumerateArray().ToList();
            Assert.Equal(
                planned.Select(removal => removal.Id).Order(), removed.Select(removal => removal.GetProperty("id").GetInt64()).Order());
            Assert.Equal(before.Count - removed.Count, (await StateAsync(db, package)).Count);
            foreach (var removal in removed.Where(
                removal => removal.GetProperty("reason").GetString()!.StartsWith("rule ", StringComparison.Ordinal)))
            {
                // A version may have been restored together with another one already.
                await ada.SendAsync(
                    "POST", $"/user/packages/container/web{number}/versions/{removal.GetProperty("id").GetInt64()}/restore");
            }

            Assert.Equal(before, await StateAsync(db, package));
        }
    }

    /// <summary>Stores versions as if they were pushed, without their bytes.</summary>
    private static async Task<long> StoreAsync(DbSession session, string name, VersionGraph graph)
    {
        var package = await session.SingleAsync<long>("select id from packages where name = @name", new { name });
        foreach (var node in graph.Nodes)
        {
            var id = await session.SingleAsync<long>(
                """
                insert into package_versions (package_id, name, created_at, updated_at) values (@package, @Name, @LastSetAt, @LastSetAt)
                returning id
                """,
                new { package, node.Name, node.LastSetAt });
            await session.ExecuteAsync(
                "insert into manifests (version_id, media_type, subject, size) values (@id, 'application/vnd.test', @Subject, 2)",
                new { id, node.Subject });
            foreach (var digest in node.Lists)
            {
                await session.ExecuteAsync("insert into manifest_children (version_id, digest) values (@id, @digest)", new { id, digest });
            }

            foreach (var tag in node.Tags)
            {
                await session.ExecuteAsync(
                    """
                    insert into tags (package_id, name, version_id, created_at, updated_at)
                    values (@package, @tag, @id, @LastSetAt, @LastSetAt)
                    """,
                    new { package, tag, id, node.LastSetAt });
            }
        }

        return package;
    }

    /// <summary>Each live version with its tags.</summary>
    private static Task<List<string>> StateAsync(Db db, long package) => db.ReadAsync(
        async session => (await ReferenceTable.GraphAsync(session, package)).Nodes
            .Select(node => $"{node.Id} {node.Name} {string.Join(' ', node.Tags)}").ToList(),
        Token);
}
