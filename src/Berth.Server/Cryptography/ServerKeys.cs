using System.Security.Cryptography;
using Berth.Server.Database;

namespace Berth.Server.Cryptography;

/// <summary>
/// The server's own keys. They are made once and wrapped by the master key, and all nodes share them through the database.
/// </summary>
internal sealed class ServerKeys(Db db, MasterKey masterKey)
{
    private const string RegistryTokenName = "registry-token";
    private const string CodespacesName = "codespaces";
    private byte[]? _registryToken;
    private byte[]? _codespaces;

    /// <summary>Signs registry tokens (HMAC-SHA256).</summary>
    public byte[] RegistryToken => _registryToken ?? throw new InvalidOperationException("the server's keys are not loaded yet");

    /// <summary>The root of the keys of codespaces: for the environments of running ones, and for the cookies of forwarded ports.</summary>
    public byte[] Codespaces => _codespaces ?? throw new InvalidOperationException("the server's keys are not loaded yet");

    public async Task LoadAsync(CancellationToken cancellationToken)
    {
        _registryToken = await LoadAsync(RegistryTokenName, cancellationToken);
        _codespaces = await LoadAsync(CodespacesName, cancellationToken);
    }

    private async Task<byte[]> LoadAsync(string name, CancellationToken cancellationToken)
    {
        var fresh = masterKey.Wrap(RandomNumberGenerator.GetBytes(32), name);
        var wrapped = await db.WriteAsync(
            async session =>
            {
                await session.ExecuteAsync(
                    "insert into server_keys (name, value) values (@name, @fresh) on conflict (name) do nothing", new { name, fresh });
                return await session.SingleAsync<byte[]>("select value from server_keys where name = @name", new { name });
            },
            cancellationToken);
        return masterKey.Unwrap(wrapped, name);
    }
}

/// <summary>The server's own keys, for a rotation of the master key. Each is bound to its name.</summary>
internal sealed class ServerKeyRows : IWrappedRows
{
    public Task<long> CountAsync(DbSession session) =>
        session.SingleAsync<long>("select count(*) from server_keys where name <> 'fingerprint'");

    /// <summary>They are few and have names instead of ids, so all are read at once.</summary>
    public async Task<List<WrappedRow>> ReadAsync(DbSession session, long after, int limit) => after > 0
        ? []
        : await session.QueryAsync<WrappedRow>(
            "select 1 as id, value, name as purpose from server_keys where name <> 'fingerprint' order by name");

    public Task<int> ReplaceAsync(DbSession session, WrappedRow row, byte[] value) => session.ExecuteAsync(
        "update server_keys set value = @value where name = @name and value = @old", new { value, name = row.Purpose, old = row.Value });
}
