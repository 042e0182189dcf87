using Berth.Server.Access;
using Berth.Server.Database;
using Berth.Tests.Database;
using Berth.Tests.TestServer;
using Microsoft.Extensions.DependencyInjection;

namespace Berth.Tests.Access;

/// <summary>What a write changes is read from its statements, so that no writer has to say it.</summary>
public sealed class WriteKindTests(SharedServer shared)
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("select role from memberships", WriteKind.Content)]
    [InlineData("insert into blobs (digest) values (@digest) on conflict (digest) do update set used_at = @now", WriteKind.Content)]
    [InlineData("update packages set updated_at = @now where id = @id", WriteKind.Content)]
    [InlineData("update packages set state = state where id = @id", WriteKind.Content)]
    [InlineData("insert into packages (name, state) values (@name, 'pending')", WriteKind.Content)]
    [InlineData("insert into packages (name, state) values (@name, 'live')", WriteKind.Access)]
    [InlineData("update packages set updated_at = @now, visibility = 'public' where id = @id", WriteKind.Access)]
    [InlineData("delete from package_users where package_id = @id", WriteKind.Access)]
    [InlineData("insert into a_table_of_next_year (id) values (@id)", WriteKind.Access)]
    [InlineData("delete from team_members where user_id = @id", WriteKind.Roles)]
    [InlineData("update\norganizations set base_permission = @role", WriteKind.Roles)]
    [InlineData("delete from blobs where id = 1; delete from collaborators where user_id = 1", WriteKind.Roles)]
    public void A_statement_says_what_it_changes(string sql, WriteKind expected) => Assert.Equal(expected, WriteKinds.Of(sql));

    [Fact]
    public async Task What_is_remembered_about_access_outlives_a_push_and_no_change_of_access()
    {
        await using var server = await BerthServer.StartAsync();
        var db = server.Services.GetRequiredService<Db>();
        Assert.SkipWhen(TestDatabase.IsPostgres, "on PostgreSQL every write counts");
        var ada = await server.UserAsync();
        await ada.PushAsync($"{ada.Login}/web");
        var before = (await db.GenerationAsync(Token)).OfAccess;
        await ada.PushAsync($"{ada.Login}/web", "2");
        Assert.Equal(before, (await db.GenerationAsync(Token)).OfAccess);
        await ada.DoAsync("PATCH", "/user/packages/container/web", """{"visibility":"public"}""");
        Assert.True((await db.GenerationAsync(Token)).OfAccess > before);
    }

    [Fact]
    public async Task Whoever_takes_a_role_away_ends_the_tokens_that_stood_on_it()
    {
        var seed = new Seed(shared.Server);
        var ada = await seed.UserAsync("ada");
        var bob = await seed.UserAsync("bob");
        var acme = await seed.OrganizationAsync("acme", ada, bob);
        var repository = await seed.RepositoryAsync(acme, "app");
        await seed.TeamAsync(acme, "core", bob, repository, "write");
        foreach (var user in new[] { ada, bob })
        {
            await seed.ExecuteAsync(
                "insert into tokens (kind, hash, user_id, repository_id, created_at) values ('workflow', @hash, @UserId, @repository, 0)",
                new { hash = System.Security.Cryptography.RandomNumberGenerator.GetBytes(32), user.UserId, repository });
        }

        // Not through an endpoint, since the write itself must end the tokens.
        await seed.ExecuteAsync("update team_repositories set role = 'triage' where repository_id = @repository", new { repository });
        var left = await seed.Db.ReadAsync(
            session => session.QueryAsync<long>("select user_id from tokens where repository_id = @repository", new { repository }), Token);
        Assert.Equal([ada.UserId], left);
    }

    [Fact]
    public async Task Every_table_says_whether_access_depends_on_it()
    {
        var db = shared.Server.Services.GetRequiredService<Db>();
        var known = WriteKinds.Roles.Concat(WriteKinds.Facts).Concat(WriteKinds.Content).ToList();
        Assert.Empty(MigratedTables.Names().Except(known, StringComparer.Ordinal));
        Assert.Equal(known.Count, known.Distinct(StringComparer.Ordinal).Count());

        // A name without a table would be a rule about nothing.
        foreach (var table in known)
        {
            await db.ReadAsync(session => session.QueryAsync<int>($"select 1 from {table} where 1 = 0"), Token);
        }
    }
}
