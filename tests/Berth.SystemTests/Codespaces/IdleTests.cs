using System.Data.Common;
using Berth.Client;
using Berth.Client.Wire;
using Berth.SystemTests.Fixtures.Codespaces;
using Berth.SystemTests.Fixtures.Server;
using Microsoft.Data.Sqlite;
using Npgsql;

namespace Berth.SystemTests.Codespaces;

/// <summary>A codespace that nobody uses.</summary>
public sealed class IdleTests
{
    [Fact]
    public async Task A_codespace_stops_when_it_is_idle_says_so_and_goes_when_its_retention_ends()
    {
        await using var server = await ServerProcess.StartAsync("codespaces-idle", null, "BERTH_ALLOW_FILE_CLONE=true");
        await using var world = await CodespaceWorld.CreateAsync(server);
        var image = await world.ImageAsync("dev");
        var repository = await world.RepositoryAsync("app", (".devcontainer.json", $$"""{ "image": "{{image}}", "remoteUser": "dev" }"""));
        await world.GrantAsync("dev", repository);
        var name = (await world.CreateAsync(repository, new { idle_timeout_minutes = 60, retention_period_minutes = 600 }))
            .Is("Available").Name;
        using var client = new BerthClient(server.Url, world.Ada.Token);

        // Neither time alone reaches the limit. The output of a program between them counts as a use.
        await AgeAsync(server, name, TimeSpan.FromMinutes(50));
        await world.ExecAsync(name, "echo used");
        await AgeAsync(server, name, TimeSpan.FromMinutes(50));
        Assert.Equal("Available", (await client.CodespaceAsync(name, TestContext.Current.CancellationToken)).State);

        await AgeAsync(server, name, TimeSpan.FromMinutes(20));
        await world.UntilStateAsync(name, "Shutdown");
        var stopped = await client.CodespaceAsync(name, TestContext.Current.CancellationToken);
        Assert.Equal("stopped after 60 minutes without use", stopped.LastKnownStopNotice);
        Assert.Contains("stopped after 60 minutes without use", await world.LogAsync(name), StringComparison.Ordinal);
        Assert.NotNull(stopped.RetentionExpiresAt);

        await client.ChangeCodespaceAsync(name, new CodespaceChange { RetentionPeriodMinutes = 0 }, TestContext.Current.CancellationToken);
        await world.UntilDeletedAsync(name);
        Assert.Empty(await world.ContainersAsync(name));
    }

    /// <summary>Makes the last use of the codespace this much earlier.</summary>
    private static async Task AgeAsync(ServerProcess server, string name, TimeSpan time)
    {
        var setting = server.DatabaseSetting;
        await using DbConnection connection = setting.StartsWith("sqlite:", StringComparison.Ordinal)
            ? new SqliteConnection($"Data Source={setting["sqlite:".Length..]};Pooling=false")
            : new NpgsqlConnection(setting["postgres:".Length..]);
        await connection.OpenAsync(TestContext.Current.CancellationToken);
        await using var command = connection.CreateCommand();
        command.CommandText = $"update codespaces set last_used_at = last_used_at - {(long)time.TotalMilliseconds} where name = '{name}'";
        Assert.Equal(1, await command.ExecuteNonQueryAsync(TestContext.Current.CancellationToken));
    }
}
