using System.Net;
using System.Security.Cryptography;
using Berth.Server.Access;
using Berth.Server.Api;
using Berth.Server.Authentication;
using Berth.Server.Database;
using Berth.Server.Http;
using Berth.Server.Tokens;

namespace Berth.Server.Npm.SigningIn;

/// <summary>
/// A login in three steps. A client begins it and gets two addresses, a person confirms it on the page at one of them, and the client
/// fetches its token at the other. Each address has a code of its own, so that somebody who sees the page's address cannot fetch the token.
/// The token is made when it is fetched, so its secret is stored nowhere.
/// </summary>
internal sealed class WebLogins(
    Db db, Authenticator authenticator, LoginThrottle throttle, PersonalTokens tokens, TimeProvider time)
{
    /// <summary>A code has 256 random bits.</summary>
    private const int CodeLength = 64;

    private const int MostOfNetwork = 100;
    private const int MostInAll = 10_000;
    private const int LongestHost = 100;
    private const int LongestProgram = 200;
    private static readonly TimeSpan Life = TimeSpan.FromMinutes(10);

    private static readonly ApiError TooMany =
        new ApiError(429, "TOOMANYREQUESTS", "too many logins wait to be confirmed: finish one, or try again in a few minutes")
            .WithHeader("Retry-After", "60");

    /// <summary>The scopes that a login may pass on from the token that confirms it.</summary>
    private static readonly string[] Handed = ["read:packages", "write:packages", "delete:packages"];

    /// <summary>Returns the codes for the page and for the client.</summary>
    public async Task<(string Page, string Done)> BeginAsync(HttpContext http, string? host, CancellationToken cancellationToken)
    {
        var (page, done) = (Code(), Code());
        var now = time.GetUtcNow();
        var program = http.Request.Headers.UserAgent.ToString();
        var address = http.Connection.RemoteIpAddress;
        var request = new NewLoginRequest
        {
            PageHash = TokenSecret.Hash(page),
            DoneHash = TokenSecret.Hash(done),
            Network = LoginThrottle.Network(address),
            Row = new LoginRequestRow
            {
                Address = Text(address),
                Host = string.IsNullOrEmpty(host) ? null : ShortText.Of(host, LongestHost),
                Program = program.Length == 0 ? null : ShortText.Of(program, LongestProgram),
                CreatedAt = now,
                ExpiresAt = now + Life,
            },
        };
        await db.WriteAsync(
            async session =>
            {
                await LoginRequestTable.DeleteEndedAsync(session, now);
                var (ofNetwork, inAll) = await LoginRequestTable.CountAsync(session, request.Network);
                if (ofNetwork >= MostOfNetwork || inAll >= MostInAll)
                {
                    throw new ApiException(TooMany);
                }

                await LoginRequestTable.InsertAsync(session, request);
            },
            cancellationToken);
        return (page, done);
    }

    /// <summary>Null when there is no such login, or it has ended.</summary>
    public Task<LoginRequestRow?> FindAsync(string page, CancellationToken cancellationToken) =>
        db.ReadAsync(session => LoginRequestTable.OfPageAsync(session, TokenSecret.Hash(page), time.GetUtcNow()), cancellationToken);

    /// <summary>Confirms the login with a person's token. The client will get a token with the same limits.</summary>
    /// <returns>Returns the refusal. Null when the login is confirmed.</returns>
    public async Task<ApiError?> ConfirmAsync(HttpContext http, string page, string secret, CancellationToken cancellationToken)
    {
        var (principal, failure) = await authenticator.AuthenticateAsync(secret, cancellationToken);
        if (principal is null)
        {
            await throttle.FailedAsync(http.Connection.RemoteIpAddress, "login page", cancellationToken);
            return Errors.BadCredentials.Saying(failure!);
        }

        if (principal is not UserPrincipal { TokenId: { } tokenId } person)
        {
            return ApiErrors.Forbidden(principal, "a login takes a personal access token");
        }

        try
        {
            // Check now, so that the person at the page gets the refusal, and not the client when it fetches the token.
            await tokens.AllowedAsync(person, Wish(person, client: null), cancellationToken);
        }
        catch (ApiException refused)
        {
            return refused.Error;
        }

        var confirmed = await db.WriteAsync(
            session => LoginRequestTable.ConfirmAsync(session, TokenSecret.Hash(page), tokenId, time.GetUtcNow()), cancellationToken);
        return confirmed ? null : NpmErrors.NotFound.Saying("this login was confirmed before, or has ended");
    }

    /// <summary>Returns the token's secret. Null while nobody has confirmed the login.</summary>
    /// <exception cref="ApiException">There is no such login, or it has ended, or the confirming token may not make another one
    /// now.</exception>
    public async Task<string?> TakeAsync(HttpContext http, string done, CancellationToken cancellationToken)
    {
        var (hash, now) = (TokenSecret.Hash(done), time.GetUtcNow());
        var request = await db.ReadAsync(session => LoginRequestTable.OfClientAsync(session, hash, now), cancellationToken);
        if (request is { TokenId: null })
        {
            return null;
        }

        var tokenId = request is null
            ? null : await db.WriteAsync(session => LoginRequestTable.TakeAsync(session, hash, now), cancellationToken);
        var at = await db.GenerationAsync(cancellationToken);
        if (tokenId is not { } id || await authenticator.StillValidAsync(at, id, cancellationToken) is not UserPrincipal person)
        {
            throw new ApiException(NpmErrors.NotFound.Saying("this login has ended: begin it again"));
        }

        // The log gets the client's address, since the client has the token from now on.
        var caller = new ApiCaller(person, ChangeActor.Of(http, person));
        return (await tokens.MintAsync(caller, Wish(person, request), CancellationToken.None)).Value;
    }

    /// <summary>The token's scopes for packages, and its limits: never more.</summary>
    private static TokenRequest Wish(UserPrincipal person, LoginRequestRow? client)
    {
        if (!person.Scopes.ReadsPackages)
        {
            throw new ApiException(ApiErrors.LacksScope(person, ["read:packages", "write:packages"]));
        }

        var scopes = Scopes.Parse(string.Join(' ', person.Scopes.Names.Where(Handed.Contains)));
        return new TokenRequest(client?.Host is { } host ? $"npm login on {host}" : "npm login", scopes, Packages: null, ExpiresAt: null);
    }

    private static string Code() => RandomNumberGenerator.GetHexString(CodeLength, lowercase: true);

    private static string Text(IPAddress? address) =>
        address is null ? "this machine" : (address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address).ToString();
}
