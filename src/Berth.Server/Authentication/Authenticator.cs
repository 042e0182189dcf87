using System.Security.Cryptography;
using Berth.Server.Access;
using Berth.Server.Database;

namespace Berth.Server.Authentication;

/// <summary>The principal that a secret stands for, or the words that say why there is none.</summary>
internal readonly record struct AuthenticationResult(Principal? Principal, string? Failure)
{
    public static AuthenticationResult Failed(string failure) => new(null, failure);
}

/// <summary>Finds the principal of a token. What it caches is valid until the next write. Expiry is checked on every use.</summary>
internal sealed class Authenticator(Db db, TimeProvider time)
{
    private readonly GenerationCache<string, TokenRow> _byHash = new(capacity: 50_000, ofAccess: true);
    private readonly GenerationCache<long, TokenRow> _byId = new(capacity: 50_000, ofAccess: true);

    public async Task<AuthenticationResult> AuthenticateAsync(string secret, CancellationToken cancellationToken) =>
        await AuthenticateAsync(await db.GenerationAsync(cancellationToken), secret, cancellationToken);

    /// <param name="at">The answer includes every write that was acknowledged before this value was asked for.</param>
    public async Task<AuthenticationResult> AuthenticateAsync(Generation at, string secret, CancellationToken cancellationToken)
    {
        var hash = TokenSecret.Hash(secret);
        var row = await _byHash.GetAsync(
            at, Convert.ToHexString(hash), (_, token) => db.ReadAsync(session => TokenTable.FindAsync(session, hash), token),
            cancellationToken);

        // Looking up a hash leaks nothing about a secret of 256 random bits. The comparison takes constant time nevertheless.
        if (row is null || !CryptographicOperations.FixedTimeEquals(row.Hash, hash))
        {
            return AuthenticationResult.Failed(
                TokenSecret.IsMistyped(secret)
                    ? "the token is mistyped: its checksum does not fit"
                    : "the token is not known: it was deleted, or never issued by this server");
        }

        return await UseAsync(row, cancellationToken);
    }

    /// <summary>The principal of a token that was verified before. Null when the token has ended since.</summary>
    public async ValueTask<Principal?> StillValidAsync(Generation at, long tokenId, CancellationToken cancellationToken)
    {
        var row = await _byId.GetAsync(
            at, tokenId, (id, token) => db.ReadAsync(session => TokenTable.FindAsync(session, id), token), cancellationToken);
        return row is null || row.ExpiredAt(time.GetUtcNow()) ? null : row.ToPrincipal();
    }

    private async Task<AuthenticationResult> UseAsync(TokenRow row, CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        if (row.ExpiredAt(now))
        {
            return AuthenticationResult.Failed("the token has expired");
        }

        if (row.ToPrincipal() is not { } principal)
        {
            return AuthenticationResult.Failed("what the token stands for is gone");
        }

        if (row.LastUsedAt is null || now - row.LastUsedAt > TimeSpan.FromHours(1))
        {
            await db.WriteUnderLocksAsync(session => TokenTable.TouchAsync(session, row.Id, now), cancellationToken);
        }

        return new AuthenticationResult(principal, null);
    }
}
