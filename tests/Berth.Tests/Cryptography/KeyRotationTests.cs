using Berth.Server.Settings;
using System.Net;
using System.Security.Cryptography;
using System.Text;
using Berth.Server;
using Berth.Server.Database;
using Berth.Server.Secrets;
using Berth.Server.Cryptography;
using Berth.Tests.TestServer;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;

namespace Berth.Tests.Cryptography;

/// <summary>The master key is replaced while the server runs, and a server that is killed meanwhile continues.</summary>
public sealed class KeyRotationTests : IAsyncLifetime
{
    /// <summary>More than three steps of the work.</summary>
    private const int Secrets = 350;

    private readonly string _data = Directory.CreateTempSubdirectory("berth-test-").FullName;
    private TestDatabase? _database;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private string KeyFile => Path.Combine(_data, "master.key");

    public async ValueTask InitializeAsync() => _database = await TestDatabase.CreateAsync(_data);

    public async ValueTask DisposeAsync()
    {
        await (_database?.DisposeAsync() ?? ValueTask.CompletedTask);
        Directory.Delete(_data, recursive: true);
    }

    private static Task Unrecorded(DbSession session, KeyRotation begun) => Task.CompletedTask;

    [Fact]
    public async Task A_rotation_that_is_cut_off_in_the_middle_goes_on_at_the_next_start()
    {
        string old;
        await using (var killed = await StartAsync())
        {
            await FillAsync(killed);
            old = await File.ReadAllTextAsync(KeyFile, Token);
            var rotate = killed.Services.GetRequiredService<RotateMasterKey>();
            var began = await rotate.BeginAsync("user:1", singleServer: true, Unrecorded, Token);
            Assert.True(began.Total > Secrets);
            await StepsAsync(killed, rotate, began, until: rotation => rotation.Done > Secrets / 2);
            await CheckAllOpenAsync(killed);
        }

        // Both keys are needed now.
        var both = await File.ReadAllTextAsync(KeyFile, Token);
        Assert.Equal(2, both.Split('\n', StringSplitOptions.RemoveEmptyEntries).Length);
        await File.WriteAllTextAsync(KeyFile, both.Replace(old, "", StringComparison.Ordinal), Token);
        Assert.Contains("is not finished", (await Assert.ThrowsAsync<StartupException>(StartAsync)).Message, StringComparison.Ordinal);
        await File.WriteAllTextAsync(KeyFile, old, Token);
        Assert.Contains("is not the one", (await Assert.ThrowsAsync<StartupException>(StartAsync)).Message, StringComparison.Ordinal);
        await File.WriteAllTextAsync(KeyFile, both, Token);

        await using (var after = await StartAsync())
        {
            await CheckAllOpenAsync(after);
            var rotate = after.Services.GetRequiredService<RotateMasterKey>();
            var at = (await rotate.LatestAsync(Token))!;
            Assert.True(at is { State: "running", Done: > Secrets / 2 and < Secrets }, $"{at.State}, {at.Done} of {at.Total}");
            while (!await rotate.FinishAsync(Token))
            {
                // Wait until the killed server's lease on PostgreSQL ends.
                await Task.Delay(50, Token);
            }

            await rotate.TidyAsync(Token);
            var finished = (await rotate.LatestAsync(Token))!;
            Assert.Equal(("finished", at.Total, 0), (finished.State, finished.Done, finished.Failed));
            await CheckAllOpenAsync(after);
        }

        // The old key is in a file beside this one, and opens nothing any more.
        var left = Assert.Single((await File.ReadAllTextAsync(KeyFile, Token)).Split('\n', StringSplitOptions.RemoveEmptyEntries));
        Assert.NotEqual(old.Trim(), left);
        var beside = Assert.Single(Directory.GetFiles(_data, "master.key.*"), file => file != KeyFile);
        Assert.Equal(old, await File.ReadAllTextAsync(beside, Token));
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(beside));
        await using var again = await StartAsync();
        await CheckAllOpenAsync(again);
    }

    [Fact]
    public async Task A_secret_that_changes_meanwhile_keeps_its_new_value()
    {
        await using var app = await StartAsync();
        await FillAsync(app);
        var rotate = app.Services.GetRequiredService<RotateMasterKey>();
        var rotation = await rotate.BeginAsync("user:1", singleServer: true, Unrecorded, Token);
        rotation = await StepsAsync(app, rotate, rotation, until: at => at.Done > 150);

        // The rotation reads before the change and writes after it. The change must stay.
        var db = app.Services.GetRequiredService<Db>();
        var rows = app.Services.GetServices<IWrappedRows>().OfType<SecretRows>().Single();
        var read = (await db.ReadAsync(session => rows.ReadAsync(session, rotation.AfterId, 1), Token)).Single();
        var rewrapped = ((IWrappedRows)rows).Rewrap(read, app.Services.GetRequiredService<MasterKey>())!;
        await StoreAsync(app, read.Id, "changed");
        Assert.Equal(0, await db.WriteAsync(session => rows.ReplaceAsync(session, read, rewrapped), Token));
        Assert.True(await rotate.FinishAsync(Token));
        Assert.Equal("changed", await OpenAsync(app, read.Id));
    }

    [Fact]
    public async Task A_key_that_the_operator_has_added_is_the_one_that_follows()
    {
        await using (await StartAsync())
        {
        }

        var mine = Convert.ToBase64String(RandomNumberGenerator.GetBytes(32));
        await File.AppendAllTextAsync(KeyFile, $"# the next one\n{mine}\n", Token);
        await using var app = await StartAsync();
        var rotate = app.Services.GetRequiredService<RotateMasterKey>();
        await rotate.BeginAsync("user:1", singleServer: false, Unrecorded, Token);
        Assert.True(await rotate.FinishAsync(Token));
        await rotate.TidyAsync(Token);
        Assert.Equal(mine + "\n", await File.ReadAllTextAsync(KeyFile, Token));
    }

    [Fact]
    public async Task Where_other_servers_may_use_the_database_no_key_is_made_without_being_told_so()
    {
        await using var app = await StartAsync();
        var rotate = app.Services.GetRequiredService<RotateMasterKey>();
        if (TestDatabase.IsPostgres)
        {
            var refused = await Assert.ThrowsAsync<KeyRotationException>(
                () => rotate.BeginAsync("user:1", singleServer: false, Unrecorded, Token));
            Assert.Contains("append a new key on a line of its own", refused.Message, StringComparison.Ordinal);
        }
        else
        {
            Assert.True((await rotate.BeginAsync("user:1", singleServer: false, Unrecorded, Token)).State == "running");
        }
    }

    [Fact]
    public async Task The_api_begins_one_once_shows_how_far_it_is_and_retires_the_owners_key_pairs()
    {
        await using var server = await BerthServer.StartAsync(manualClock: true);
        var (admin, ada) = (server.Administrator(), await server.UserAsync());
        var before = (await ada.GetAsync("/user/codespaces/secrets/public-key"))["key_id"].GetString();
        Assert.Equal("none", (await admin.GetAsync("/admin/keys/rotation"))["state"].GetString());

        // Before its last pass the rotation waits a moment, and here it waits until the second call is done.
        server.Clock!.StopTimers();
        var first = await admin.SendAsync("POST", "/admin/keys/rotation", """{"single_server":true}""");
        Assert.Equal((HttpStatusCode.Accepted, "running"), (first.Status, first["state"].GetString()));
        Assert.Equal(
            first["to"].GetString(), (await admin.DoAsync("POST", "/admin/keys/rotation", """{"single_server":true}"""))["to"].GetString());
        server.Clock.ReleaseTimers();
        await server.Services.GetRequiredService<RotateMasterKey>().FinishAsync(Token);
        await server.Services.GetRequiredService<RotateMasterKey>().TidyAsync(Token);
        var last = await admin.GetAsync("/admin/keys/rotation");
        Assert.Equal(("finished", first["to"].GetString()), (last["state"].GetString(), last["to"].GetString()));
        Assert.Equal(last["total"].GetInt64(), last["done"].GetInt64());
        Assert.NotEqual(before, (await ada.GetAsync("/user/codespaces/secrets/public-key"))["key_id"].GetString());
        Assert.Equal(HttpStatusCode.Forbidden, (await ada.SendAsync("POST", "/admin/keys/rotation")).Status);

        // Registry tokens are signed and checked as before.
        await ada.PushAsync($"{ada.Login}/app");
        Assert.Equal(HttpStatusCode.OK, await ada.PullAsync($"{ada.Login}/app"));
    }

    /// <summary>A server that accepts no requests and does no background work.</summary>
    private async Task<WebApplication> StartAsync()
    {
        var app = BerthApplication.Build(
            [
                $"--BERTH_DATA={_data}", $"--BERTH_DATABASE={_database!.Setting}", "--BERTH_LISTEN=127.0.0.1:0",
                "--Logging:LogLevel:Default=Warning",
            ]);
        try
        {
            await app.Services.GetRequiredService<Startup>().PrepareAsync(Token);
            return app;
        }
        catch
        {
            await app.DisposeAsync();
            throw;
        }
    }

    private static async Task<KeyRotation> StepsAsync(
        WebApplication app, RotateMasterKey rotate, KeyRotation rotation, Func<KeyRotation, bool> until)
    {
        while (!until(rotation))
        {
            Assert.True(await rotate.StepAsync(rotation, Token));
            rotation = (await app.Services.GetRequiredService<Db>().ReadAsync(KeyRotationTable.RunningAsync, Token))!;
        }

        return rotation;
    }

    private static async Task FillAsync(WebApplication app)
    {
        var db = app.Services.GetRequiredService<Db>();
        var masterKey = app.Services.GetRequiredService<MasterKey>();
        var owner = SecretOwner.User(await AdministratorAsync(app));
        await db.WriteAsync(
            async session =>
            {
                for (var i = 0; i < Secrets; i++)
                {
                    Assert.True(SecretName.TryParse($"S{i}", out var name, out _));
                    var value = Envelope.Seal(Encoding.UTF8.GetBytes(name!.Value), owner.Identity(name.Value, 1), masterKey);
                    await SecretTable.InsertAsync(session, owner, name, "selected", value, 1, "user:1", DateTimeOffset.UnixEpoch);
                }
            },
            Token);
    }

    private static Task<long> AdministratorAsync(WebApplication app) =>
        app.Services.GetRequiredService<Db>()
            .ReadAsync(session => session.SingleAsync<long>("select id from accounts where folded = 'admin'"), Token);

    private static async Task StoreAsync(WebApplication app, long id, string value)
    {
        var (name, owner) = (await RowAsync(app, id), SecretOwner.User(await AdministratorAsync(app)));
        var sealedValue = Envelope.Seal(
            Encoding.UTF8.GetBytes(value), owner.Identity(name.Name, 2), app.Services.GetRequiredService<MasterKey>());
        await app.Services.GetRequiredService<Db>().WriteAsync(
            session => SecretTable.UpdateAsync(session, id, "selected", sealedValue, 2, DateTimeOffset.UnixEpoch), Token);
    }

    private static async Task<string> OpenAsync(WebApplication app, long id)
    {
        var row = await RowAsync(app, id);
        var identity = SecretOwner.User(await AdministratorAsync(app)).Identity(row.Name, row.Version);
        return Encoding.UTF8.GetString(Envelope.Open(row.Value, identity, app.Services.GetRequiredService<MasterKey>()));
    }

    private static Task<SecretValueRow> RowAsync(WebApplication app, long id) => app.Services.GetRequiredService<Db>().ReadAsync(
        async session =>
            (await session.FirstOrDefaultAsync<SecretValueRow>("select name, version, value from secrets where id = @id", new { id }))!,
        Token);

    private static async Task CheckAllOpenAsync(WebApplication app)
    {
        var masterKey = app.Services.GetRequiredService<MasterKey>();
        var owner = SecretOwner.User(await AdministratorAsync(app));
        var rows = await app.Services.GetRequiredService<Db>().ReadAsync(
            session => session.QueryAsync<SecretValueRow>("select name, version, value from secrets"), Token);
        Assert.Equal(Secrets, rows.Count);
        foreach (var row in rows)
        {
            Assert.Equal(row.Name, Encoding.UTF8.GetString(Envelope.Open(row.Value, owner.Identity(row.Name, row.Version), masterKey)));
        }
    }
}
