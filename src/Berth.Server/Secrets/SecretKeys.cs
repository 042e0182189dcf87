using Berth.Client.Crypto;
using Berth.Server.Database;
using Berth.Server.Cryptography;

namespace Berth.Server.Secrets;

/// <summary>The key pairs that clients seal values for. Every owner of secrets has one, which is made when it is first asked for.</summary>
internal sealed class SecretKeys(Db db, MasterKey masterKey, TimeProvider time)
{
    /// <summary>How long a replaced key still opens boxes, since a value may have been sealed for it shortly before.</summary>
    private static readonly TimeSpan RetiredKeysOpenFor = TimeSpan.FromDays(7);

    /// <summary>An owner's key pair is replaced when somebody asks for it and it is older than this.</summary>
    private static readonly TimeSpan KeysServeFor = TimeSpan.FromDays(90);

    public async Task<PublicKey> PublicKeyAsync(SecretOwner owner, CancellationToken cancellationToken)
    {
        if (await db.ReadAsync(session => CurrentAsync(session, owner), cancellationToken) is { } current)
        {
            if (current.CreatedAt > time.GetUtcNow() - KeysServeFor)
            {
                return current;
            }

            await RotateAsync(owner, cancellationToken);
        }

        return await db.WriteAsync(
            async session =>
            {
                await InsertAsync(session, owner);
                return (await CurrentAsync(session, owner))!;
            },
            cancellationToken);
    }

    /// <summary>Gives the owner a new key pair. The previous one opens boxes for a week more.</summary>
    public async Task RotateAsync(SecretOwner owner, CancellationToken cancellationToken) => await db.WriteAsync(
        async session =>
        {
            await session.ExecuteAsync(
                """
                update secret_keys set retired_at = @now
                where retired_at is null and (account_id = @AccountId or repository_id = @RepositoryId)
                """,
                new { now = time.GetUtcNow(), owner.AccountId, owner.RepositoryId });
            await session.ExecuteAsync(
                "delete from secret_keys where retired_at < @oldest", new { oldest = time.GetUtcNow() - RetiredKeysOpenFor });
            await InsertAsync(session, owner);
        },
        cancellationToken);

    /// <summary>
    /// Opens a sealed box. Null for another owner's key or one that was replaced long ago, and for a box that cannot be opened.
    /// </summary>
    public async Task<byte[]?> OpenAsync(SecretOwner owner, string keyId, byte[] box, CancellationToken cancellationToken)
    {
        if (!long.TryParse(keyId, System.Globalization.NumberStyles.None, null, out var id))
        {
            return null;
        }

        var key = await db.ReadAsync(
            session => session.FirstOrDefaultAsync<KeyRow>(
                """
                select public_key, secret_key from secret_keys
                where id = @id and (account_id = @AccountId or repository_id = @RepositoryId) and (retired_at is null
                  or retired_at > @oldest)
                """,
                new { id, owner.AccountId, owner.RepositoryId, oldest = time.GetUtcNow() - RetiredKeysOpenFor }),
            cancellationToken);
        return key is null ? null : SealedBox.Open(box, key.PublicKey, masterKey.Unwrap(key.SecretKey, Purpose(owner)));
    }

    private async Task InsertAsync(DbSession session, SecretOwner owner)
    {
        var (publicKey, secretKey) = SealedBox.CreateKeyPair();
        await session.ExecuteAsync(
            """
            insert into secret_keys (account_id, repository_id, public_key, secret_key, created_at)
            values (@AccountId, @RepositoryId, @publicKey, @wrapped, @now) on conflict do nothing
            """,
            new
            {
                owner.AccountId,
                owner.RepositoryId,
                publicKey,
                wrapped = masterKey.Wrap(secretKey, Purpose(owner)),
                now = time.GetUtcNow(),
            });
    }

    private static Task<PublicKey?> CurrentAsync(DbSession session, SecretOwner owner) => session.FirstOrDefaultAsync<PublicKey>(
        """
        select id, public_key as key, created_at from secret_keys
        where retired_at is null and (account_id = @AccountId or repository_id = @RepositoryId)
        """,
        new { owner.AccountId, owner.RepositoryId });

    private static string Purpose(SecretOwner owner) => $"secret-key/{(owner.RepositoryId is null ? "account" : "repository")}/{owner.Id}";

    internal sealed record PublicKey
    {
        public long Id { get; init; }

        public byte[] Key { get; init; } = [];

        public DateTimeOffset CreatedAt { get; init; }
    }

    private sealed record KeyRow
    {
        public byte[] PublicKey { get; init; } = [];

        public byte[] SecretKey { get; init; } = [];
    }
}
