using System.Text;
using System.Text.Json;
using Berth.Client.Crypto;
using Berth.Server;
using Berth.Server.Cryptography;
using Berth.Server.Database;
using Berth.Server.Secrets;
using Berth.SystemTests.Fixtures.Server;
using Berth.SystemTests.Fixtures.Tools;
using Microsoft.Extensions.DependencyInjection;

namespace Berth.SystemTests.Faults;

/// <summary>
/// Uses kill -9 while the master key is rotated. Each time the next start continues by itself, and nothing that was stored is lost.
/// </summary>
public sealed class KeyRotationKillTests
{
    private const int Rounds = 6;
    private const int Owners = 6;
    private const int Each = 60;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_rotation_that_is_killed_goes_on_by_itself_and_every_secret_opens()
    {
        await using var server = await ServerProcess.StartAsync("rotation");
        for (var i = 0; i < Owners; i++)
        {
            await FillAsync(await server.UserAsync("ada"));
        }

        var random = new Random(11_21);
        var keys = new HashSet<string>(StringComparer.Ordinal);
        for (var round = 0; round < Rounds; round++)
        {
            var began = await Accounts.PostAsync(server.Admin, "/api/v3/admin/keys/rotation", new { single_server = true });
            Assert.Equal("running", began.GetProperty("state").GetString());
            Assert.True(keys.Add(began.GetProperty("to").GetString()!), "a key came back");

            // The rotation waits a second before its last pass, so it cannot be finished at this point.
            await Task.Delay(random.Next(0, 150), Token);
            await server.KillAsync();
            await server.StartAsync();
            Assert.Equal(began.GetProperty("to").GetString(), await FinishedAsync(server));
        }

        await server.StopAsync();
        await CheckAsync(server, keys);
    }

    /// <summary>Stores some values, sealed as a client does it.</summary>
    private static async Task FillAsync(Person person)
    {
        using var api = person.Api();
        var key = JsonSerializer.Deserialize<JsonElement>(await api.GetStringAsync("/api/v3/user/codespaces/secrets/public-key", Token));
        for (var i = 0; i < Each; i++)
        {
            var box = SealedBox.Seal(
                Encoding.UTF8.GetBytes($"value of S{i}"), Convert.FromBase64String(key.GetProperty("key").GetString()!));
            using var content = new StringContent(
                JsonSerializer.Serialize(
                    new { encrypted_value = Convert.ToBase64String(box), key_id = key.GetProperty("key_id").GetString() }),
                Encoding.UTF8, "application/json");
            using var response = await api.PutAsync($"/api/v3/user/codespaces/secrets/S{i}", content, Token);
            Assert.Equal(System.Net.HttpStatusCode.Created, response.StatusCode);
        }
    }

    private static async Task<string> FinishedAsync(ServerProcess server)
    {
        JsonElement now = default;
        await Patience.UntilAsync(
            async () =>
            {
                now = JsonSerializer.Deserialize<JsonElement>(await server.Admin.GetStringAsync("/api/v3/admin/keys/rotation", Token));
                return now.GetProperty("state").GetString() == "finished";
            },
            "the rotation finishes");
        Assert.Equal(0, now.GetProperty("failed").GetInt64());
        return now.GetProperty("to").GetString()!;
    }

    private static async Task CheckAsync(ServerProcess server, HashSet<string> keys)
    {
        Assert.Single(await File.ReadAllLinesAsync(Path.Combine(server.Data, "master.key"), Token));
        Assert.Equal(
            Rounds,
            Directory.GetFiles(server.Data).Count(file => Path.GetFileName(file).StartsWith("master.key.", StringComparison.Ordinal)));
        await using var app = BerthApplication.Build(
            [$"--BERTH_DATA={server.Data}", $"--BERTH_DATABASE={server.DatabaseSetting}", "--BERTH_LISTEN=127.0.0.1:0"]);
        await app.Services.GetRequiredService<Startup>().PrepareAsync(Token);
        var masterKey = app.Services.GetRequiredService<MasterKey>();
        Assert.Contains(MasterKeyValue.Short(masterKey.Fingerprint), keys);
        var rows = await app.Services.GetRequiredService<Db>().ReadAsync(
            session => session.QueryAsync<SecretValueRow>("select account_id as owner_id, name, version, value from secrets"), Token);
        Assert.Equal(Owners * Each, rows.Count);
        foreach (var row in rows)
        {
            var value = Envelope.Open(row.Value, SecretOwner.User(row.OwnerId).Identity(row.Name, row.Version), masterKey);
            Assert.Equal("value of " + row.Name, Encoding.UTF8.GetString(value));
        }
    }
}
