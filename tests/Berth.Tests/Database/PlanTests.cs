using System.Collections.Concurrent;
using System.Text.RegularExpressions;
using Berth.Server.Database;
using Berth.Server.GarbageCollection;
using Berth.Server.Packages.Pulls;
using Berth.Server.Webhooks;
using Berth.Tests.TestServer;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.DependencyInjection;

namespace Berth.Tests.Database;

/// <summary>
/// The plans that SQLite chooses for the statements of pushes, pulls, deletions, webhooks and the collector. It has no statistics, and
/// tends to search each version of a package for a digest or a blob. A push then takes longer the more has been pushed.
/// </summary>
public sealed partial class PlanTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task What_is_asked_of_a_digest_or_a_blob_does_not_go_through_all_versions()
    {
        Assert.SkipWhen(TestDatabase.IsPostgres, "PostgreSQL chooses by what the tables hold");
        await using var server = await BerthServer.StartAsync();
        var db = server.Services.GetRequiredService<Db>();
        var heard = new ConcurrentDictionary<string, bool>(StringComparer.Ordinal);
        db.Listener = sql => heard[sql] = true;
        await UseAsync(server, db);
        db.Listener = null;

        await using var connection = new SqliteConnection($"Data Source={server.DatabaseSetting.Split(':', 2)[1]}");
        await connection.OpenAsync(Token);
        List<string> slow = [];
        foreach (var sql in heard.Keys.Where(sql => Planned().IsMatch(sql)))
        {
            var plan = await PlanAsync(connection, sql);
            if (plan.FindIndex(step => OfPackage().IsMatch(step)) is >= 0 and var first && plan.Skip(first).Any(ByVersion().IsMatch))
            {
                slow.Add($"{sql}\n{string.Join('\n', plan)}");
            }
        }

        Assert.True(slow.Count == 0, string.Join("\n\n", slow));

        // There are about a hundred. The server's background work adds some.
        Assert.True(heard.Count > 60, $"{heard.Count} statements");
    }

    /// <summary>Shows SQLite's plan for a join whose order is left open, so that the test above has something to find.</summary>
    [Fact]
    public async Task A_join_that_leaves_the_order_open_is_found()
    {
        Assert.SkipWhen(TestDatabase.IsPostgres, "PostgreSQL chooses by what the tables hold");
        await using var server = await BerthServer.StartAsync();
        await using var connection = new SqliteConnection($"Data Source={server.DatabaseSetting.Split(':', 2)[1]}");
        await connection.OpenAsync(Token);
        var plan = await PlanAsync(
            connection,
            """
            select c.version_id from manifest_children c join package_versions v on v.id = c.version_id
            where c.digest = @digest and v.package_id = @packageId
            """);
        Assert.Matches(OfPackage(), plan[0]);
        Assert.Matches(ByVersion(), plan[1]);
    }

    private static async Task UseAsync(BerthServer server, Db db)
    {
        var ada = await server.UserAsync();
        var image = $"{ada.Login}/web";
        const string Package = "/user/packages/container/web";
        await ada.DoAsync("POST", $"/repos/{await ada.RepositoryAsync(ada.Login)}/hooks", """
            {"name":"web","events":["package"],"config":{"url":"https://hooks.example.test/"}}
            """);
        var platform = await ada.PushAsync(image, "one");
        await ada.PushAsync(image, "two", "\"n\":\"2\"");
        var index = await ada.PushIndexAsync(image, "all", platform);
        await ada.PullAsync(image, "all");
        await ada.CallAsync("GET", $"/v2/{image}/referrers/{platform}");
        await ada.CallAsync("DELETE", $"/v2/{image}/blobs/{Person.EmptyBlob}");
        while (await server.Services.GetRequiredService<EnqueueDeliveries>().RunOnceAsync(Token))
        {
            // Repeat until all events are read.
        }

        var versions = (await ada.GetAsync($"{Package}/versions")).Json;
        var id = versions.EnumerateArray().Single(one => one.GetProperty("name").GetString() == index).GetProperty("id").GetInt64();
        await db.WriteAsync(
            session => PullTable.AddAsync(session, [KeyValuePair.Create(id, new PullTally(1, DateTimeOffset.UnixEpoch))]), Token);
        await ada.GetAsync($"{Package}/versions/{id}/dependants");
        await ada.DoAsync("DELETE", $"{Package}/versions/{id}?cascade=true");
        await ada.DoAsync("POST", $"{Package}/versions/{id}/restore");
        await server.Services.GetRequiredService<CollectGarbage>().RunOnceAsync(Token);
    }

    private static async Task<List<string>> PlanAsync(SqliteConnection connection, string sql)
    {
        await using var command = connection.CreateCommand();
        command.CommandText = "explain query plan " + InList().Replace(sql, "in (@${name})");
        foreach (var name in Parameter().Matches(command.CommandText).Select(match => match.Value).Distinct(StringComparer.Ordinal))
        {
            command.Parameters.AddWithValue(name, DBNull.Value);
        }

        await using var reader = await command.ExecuteReaderAsync(Token);
        List<string> plan = [];
        while (await reader.ReadAsync(Token))
        {
            plan.Add(reader.GetString(3));
        }

        return plan;
    }

    [GeneratedRegex(@"^\s*(select|with|insert|update|delete)\b", RegexOptions.IgnoreCase | RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Planned();

    [GeneratedRegex(@"^SEARCH \w+ USING .*package_versions_\w+ \(package_id=\?\)$", RegexOptions.None, 1000)]
    private static partial Regex OfPackage();

    [GeneratedRegex(@"^SEARCH \w+ USING .*\(version_id=\? AND (digest|blob_id)=\?\)$", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex ByVersion();

    [GeneratedRegex(@"\bin @(?<name>\w+)", RegexOptions.IgnoreCase, 1000)]
    private static partial Regex InList();

    [GeneratedRegex(@"@\w+", RegexOptions.None, 1000)]
    private static partial Regex Parameter();
}
