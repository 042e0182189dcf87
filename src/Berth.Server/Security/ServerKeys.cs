using System.Security.Cryptography;
using Berth.Server.Database;

namespace Berth.Server.Security;

/// <summary>The server's own keys, made once, wrapped by the master key, shared by every node through the database.</summary>
internal sealed class ServerKeys(Db db, MasterKey masterKey)
{
    private const string RegistryTokenName = "registry-token";
    private byte[]? _registryToken;

    /// <summary>Signs registry tokens (HMAC-SHA256).</summary>
    public byte[] RegistryToken => _registryToken ?? throw new InvalidOperationException("the server's keys are not loaded yet");

    public async Task LoadAsync(CancellationToken cancellationToken)
    {
        var fresh = masterKey.Wrap(RandomNumberGenerator.GetBytes(32), RegistryTokenName);
        var wrapped = await db.WriteAsync(
            async session =>
            {
                await session.ExecuteAsync(
                    "insert into server_keys (name, value) values (@name, @fresh) on conflict (name) do nothing", new { name = RegistryTokenName, fresh });
                return await session.SingleAsync<byte[]>("select value from server_keys where name = @name", new { name = RegistryTokenName });
            },
            cancellationToken);
        _registryToken = masterKey.Unwrap(wrapped, RegistryTokenName);
    }
}
