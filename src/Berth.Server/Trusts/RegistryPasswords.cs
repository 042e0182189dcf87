using Berth.Server.Access;
using Berth.Server.Authentication;
using Berth.Server.Database;

namespace Berth.Server.Trusts;

/// <summary>
/// What a registry accepts as a password: every token of Berth, and the ID token of a CI job. docker sends the ID token again and again, so
/// it stands for the one workflow token that was made for it.
/// </summary>
internal sealed class RegistryPasswords(Authenticator authenticator, ExchangeIdentity exchange)
{
    /// <summary>The principal of a token that was verified before. Null when the token has ended since.</summary>
    public ValueTask<Principal?> StillValidAsync(Generation at, long tokenId, CancellationToken cancellationToken) =>
        authenticator.StillValidAsync(at, tokenId, cancellationToken);

    /// <param name="at">The answer includes every write that was acknowledged before this value was asked for.</param>
    public async Task<AuthenticationResult> AuthenticateAsync(
        HttpContext http, Generation at, Credentials credentials, CancellationToken cancellationToken)
    {
        if (!IdentityToken.LooksLikeOne(credentials.Secret))
        {
            return await authenticator.AuthenticateAsync(at, credentials.Secret, cancellationToken);
        }

        var password = ExchangeIdentity.PasswordOf(credentials.Secret);
        if (await authenticator.AuthenticateAsync(at, password, cancellationToken) is { Principal: not null } known)
        {
            return known;
        }

        try
        {
            await exchange.AsPasswordAsync(http, credentials.Secret, new ExchangeWish(credentials.UserName), cancellationToken);
        }
        catch (IdentityRefusedException refused)
        {
            return AuthenticationResult.Failed(refused.Message);
        }

        return await authenticator.AuthenticateAsync(password, cancellationToken);
    }
}
