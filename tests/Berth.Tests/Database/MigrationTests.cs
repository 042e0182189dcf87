using System.Net;
using Berth.Server.Database;
using Berth.Tests.TestServer;

namespace Berth.Tests.Database;

/// <summary>
/// Every released schema, with awkward rows in it, is migrated to the newest one and loses nothing. A migration's rows are beside it in
/// <c>Migrations/NNNN_what.sql</c>. A new migration is included automatically.
/// </summary>
public sealed class MigrationTests
{
    public static TheoryData<int> Released => [.. Migrator.Numbers.Distinct()];

    /// <summary>A second migration with the same number would never run.</summary>
    [Fact]
    public void Every_migration_has_the_number_after_the_one_before() =>
        Assert.Equal(Enumerable.Range(1, Migrator.Numbers.Count()), Migrator.Numbers);

    [Theory]
    [MemberData(nameof(Released))]
    public async Task A_released_schema_becomes_the_newest_and_keeps_every_row(int released)
    {
        await using var old = await OldDatabase.CreateAsync();
        await old.MigrateAsync(released);
        var before = await old.RowsAsync();
        await old.MigrateAsync();
        var after = await old.RowsAsync();
        Assert.All(
            before.Where(table => after.ContainsKey(table.Key)),
            table => Assert.True(after[table.Key] >= table.Value, $"{table.Key}: {table.Value} became {after[table.Key]}"));
        Assert.Empty(await old.BrokenReferencesAsync());

        await using var fresh = await OldDatabase.CreateAsync(rows: false);
        await fresh.MigrateAsync();
        Assert.Equal(await fresh.SchemaAsync(), await old.SchemaAsync());
    }

    [Fact]
    public async Task A_migration_that_has_run_does_not_run_again()
    {
        await using var old = await OldDatabase.CreateAsync();
        await old.MigrateAsync();
        var (rows, schema) = (await old.RowsAsync(), await old.SchemaAsync());
        await old.MigrateAsync();
        Assert.Equal(rows, await old.RowsAsync());
        Assert.Equal(schema, await old.SchemaAsync());
    }

    [Theory]
    [MemberData(nameof(Released))]
    public async Task A_server_serves_what_an_old_one_left(int released)
    {
        await using var old = await OldDatabase.CreateAsync();
        await old.MigrateAsync(released);
        await using var server = await old.ServeAsync();

        // These exist since the first schema: people, their tokens and repositories.
        var ada = new Person(server, "Ada-L", OldDatabase.Token);
        Assert.Equal("Ada \"the first\" O'Neill\n🚢", (await ada.DoAsync("GET", "/user"))["name"].GetString());
        Assert.Equal(HttpStatusCode.Unauthorized, (await new Person(server, "", "expired").GetAsync("/user")).Status);
        Assert.Equal("feature/ümlaut", (await ada.DoAsync("GET", "/repos/acme/_"))["default_branch"].GetString());
        Assert.Equal("The Crew", (await ada.DoAsync("GET", "/orgs/acme/teams/crew"))["name"].GetString());
        if (released >= 2)
        {
            using var client = server.Client(OldDatabase.Token);
            Assert.Equal(
                "first",
                await client.GetStringAsync(
                    new Uri("/v2/acme/app/web/manifests/V1.0_rc-1", UriKind.Relative), TestContext.Current.CancellationToken));
        }

        if (released >= 3)
        {
            Assert.Equal(3, (await ada.DoAsync("GET", "/user/codespaces"))["total_count"].GetInt32());
        }

        if (released >= 4)
        {
            Assert.Equal("TOKEN", (await ada.DoAsync("GET", "/user/codespaces/secrets"))["secrets"][0].GetProperty("name").GetString());
        }

        if (released >= 5)
        {
            Assert.Equal("x", (await ada.DoAsync("GET", "/repos/acme/App.js/clone-credential"))["username"].GetString());
        }
    }
}
