using Berth.Server.Faults;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;

namespace Berth.Server.Trusts;

/// <summary>
/// Checks that an ID token was made by the issuer that it names, and is valid now: algorithm, key, signature and times.
/// <see cref="TrustMatch"/> decides whom it stands for.
/// </summary>
internal sealed class VerifyIdentity(IssuerKeys keys, TimeProvider time)
{
    private static readonly TimeSpan Skew = TimeSpan.FromSeconds(60);

    /// <summary>No CI system's tokens live longer. An exchanged token must be remembered for its whole life.</summary>
    private static readonly TimeSpan LongestLife = TimeSpan.FromHours(24);

    private static readonly JsonWebTokenHandler Handler = new() { MaximumTokenSizeInBytes = 2 * IdentityToken.LargestCharacters };

    /// <summary>Returns when the token ends.</summary>
    /// <exception cref="IdentityRefusedException">The token is not genuine, is expired or not valid yet, or its issuer's keys cannot be
    /// read.</exception>
    public async Task<DateTimeOffset> RunAsync(IdentityToken token, CancellationToken cancellationToken)
    {
        if (!IssuerKeySet.Algorithms.Contains(token.Algorithm))
        {
            throw new IdentityRefusedException(
                IdentityFault.Malformed,
                $"the ID token is signed with {Shown.Of(token.Algorithm)}; taken are {string.Join(", ", IssuerKeySet.Algorithms)}");
        }

        var expiresAt = CheckTimes(token.Claims);
        var result = await Handler.ValidateTokenAsync(
            token.Text,
            new TokenValidationParameters
            {
                ValidIssuer = token.Issuer,
                ValidAlgorithms = IssuerKeySet.Algorithms,
                IssuerSigningKeys = await KeysAsync(token, cancellationToken),
                TryAllIssuerSigningKeys = true,
                RequireSignedTokens = true,
                RequireExpirationTime = true,
                // The times are checked above, by the server's clock.
                LifetimeValidator = (_, _, _, _) => true,
                // Each trust names its own audience.
                ValidateAudience = false,
            });
        return result.IsValid
            ? expiresAt
            : throw new IdentityRefusedException(
                IdentityFault.Signature, $"the signature of the ID token does not hold: it is not by the keys of {Shown.Of(token.Issuer)}");
    }

    private async Task<IReadOnlyList<JsonWebKey>> KeysAsync(IdentityToken token, CancellationToken cancellationToken)
    {
        try
        {
            return await keys.ForAsync(token.Issuer, token.Algorithm, token.KeyId, cancellationToken) is { Count: > 0 } found
                ? found
                : throw new IdentityRefusedException(
                    IdentityFault.Signature,
                    $"{Shown.Of(token.Issuer)} has no key {Shown.Of(token.KeyId ?? "without a name")} for {token.Algorithm}");
        }
        catch (IssuerUnreadableException exception)
        {
            throw new IdentityRefusedException(
                IdentityFault.KeysUnavailable, $"the keys of the ID token's issuer cannot be read: {exception.Message}");
        }
    }

    private DateTimeOffset CheckTimes(IdentityClaims claims)
    {
        var now = time.GetUtcNow();
        var expiresAt = claims.Time("exp") ?? throw Refused("has no time at which it ends (exp)");
        return expiresAt <= now - Skew ? throw Refused($"ended at {expiresAt:u}")
            : expiresAt > now + LongestLife + Skew ? throw Refused("lives for more than 24 hours")
            : Later("nbf") || Later("iat") ? throw Refused("is of a time to come (nbf, iat)")
            : expiresAt;

        bool Later(string name) => claims.Has(name) && !(claims.Time(name) <= now + Skew);
    }

    private static IdentityRefusedException Refused(string why) => new(IdentityFault.Lifetime, $"the ID token {why}");
}
