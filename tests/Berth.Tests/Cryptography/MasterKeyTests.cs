using System.Security.Cryptography;
using Berth.Server;
using Berth.Server.Settings;
using Berth.Server.Cryptography;
using Berth.Tests.TestServer;
using Microsoft.Extensions.DependencyInjection;

namespace Berth.Tests.Cryptography;

public sealed class MasterKeyTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_missing_or_other_master_key_ends_the_start()
    {
        var data = Directory.CreateTempSubdirectory("berth-test-").FullName;
        await using var database = await TestDatabase.CreateAsync(data);
        var path = Path.Combine(data, "master.key");
        await StartAsync(data, database);
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(path));

        File.Move(path, path + ".away");
        var missing = await Assert.ThrowsAsync<StartupException>(() => StartAsync(data, database));
        Assert.Contains("is missing", missing.Message, StringComparison.Ordinal);

        await File.WriteAllTextAsync(path, Convert.ToBase64String(RandomNumberGenerator.GetBytes(32)), Token);
        var other = await Assert.ThrowsAsync<StartupException>(() => StartAsync(data, database));
        Assert.Contains("is not the one", other.Message, StringComparison.Ordinal);

        File.Move(path + ".away", path, overwrite: true);
        await StartAsync(data, database);
        Directory.Delete(data, recursive: true);
    }

    [Fact]
    public async Task What_is_wrapped_for_one_purpose_opens_for_no_other()
    {
        await using var server = await BerthServer.StartAsync();
        var key = server.Services.GetRequiredService<MasterKey>();
        var wrapped = key.Wrap("secret"u8, "one");
        Assert.Equal("secret"u8.ToArray(), key.Unwrap(wrapped, "one"));
        Assert.Throws<AuthenticationTagMismatchException>(() => key.Unwrap(wrapped, "two"));
        wrapped[^1] ^= 1;
        Assert.Throws<AuthenticationTagMismatchException>(() => key.Unwrap(wrapped, "one"));
    }

    [Fact]
    public async Task A_data_folder_is_held_by_one_process_at_a_time()
    {
        await using var server = await BerthServer.StartAsync();
        await using var database = await TestDatabase.CreateAsync(server.Data + "-x");
        var exception = await Assert.ThrowsAsync<StartupException>(() => StartAsync(server.Data, database));
        Assert.Contains("is held by another process", exception.Message, StringComparison.Ordinal);
    }

    private static async Task StartAsync(string data, TestDatabase database)
    {
        await using var app = BerthApplication.Build(
            [
                $"--BERTH_DATA={data}", $"--BERTH_DATABASE={database.Setting}", "--BERTH_LISTEN=127.0.0.1:0",
                "--Logging:LogLevel:Default=Warning",
            ]);
        await app.Services.GetRequiredService<Startup>().PrepareAsync(Token);
    }
}
