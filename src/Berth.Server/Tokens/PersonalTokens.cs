using System.Globalization;
using Berth.Server.Access;
using Berth.Server.Api;
using Berth.Server.Audit;
using Berth.Server.Authentication;
using Berth.Server.Database;

namespace Berth.Server.Tokens;

/// <summary>Makes personal access tokens. A token can never make one with more rights than its own.</summary>
internal sealed class PersonalTokens(Db db, ApiUrls urls, AuditLog audit, TimeProvider time)
{
    private const string Resource = "Token";

    /// <summary>Makes a token for the caller, as far as <see cref="AllowedAsync"/> permits.</summary>
    public async Task<Client.Wire.Token> MintAsync(ApiCaller caller, TokenRequest wanted, CancellationToken cancellationToken)
    {
        var minter = caller.User;
        var allowed = await AllowedAsync(minter, wanted, cancellationToken);
        return await CreateAsync(caller.Actor, minter.UserId, minter.Login, minter.SiteAdmin, allowed, cancellationToken);
    }

    /// <summary>
    /// Limits the request by the minter's token: to its scopes, its end and its patterns. It refuses a token that an organization would
    /// accept while it refuses the minter's token for its long life.
    /// </summary>
    /// <exception cref="Http.ApiException">The minter's token may not make such a token.</exception>
    public async Task<TokenRequest> AllowedAsync(UserPrincipal minter, TokenRequest wanted, CancellationToken cancellationToken)
    {
        if (wanted.Scopes.Names.FirstOrDefault(scope => !minter.Scopes.Has(scope)) is { } scope)
        {
            ApiErrors.Unprocessable(Resource, "scopes", $"a token makes none that can more than itself, and this one has no {scope}")
                .Throw();
        }

        var (own, policies) = await db.ReadAsync(
            async session => (
                await TokenTable.FindAsync(session, minter.TokenId ?? 0),
                await AccessDecisions.WithTokenLifeAsync(session, minter.UserId)),
            cancellationToken);
        if (own?.ExpiresAt is { } end)
        {
            if (wanted.ExpiresAt > end)
            {
                ApiErrors.Unprocessable(Resource, "expires_at", "a token makes none that outlives it").Throw();
            }

            wanted = wanted with { ExpiresAt = wanted.ExpiresAt ?? end };
        }

        if (minter.Patterns.Restricts)
        {
            // A narrowed token cannot reach the routes of tokens, so this is a login, which passes on the same limits.
            wanted = wanted with { Packages = minter.Patterns.Patterns };
        }

        var made = minter with
        {
            Scopes = wanted.Scopes,
            Patterns = PackagePatterns.Parse(wanted.Packages is null ? null : string.Join(' ', wanted.Packages)),
            TokenLife = wanted.ExpiresAt - time.GetUtcNow(),
        };
        if (policies.Select(owner => AccessRules.MintFault(minter, made, owner)).FirstOrDefault(fault => fault is not null) is { } refused)
        {
            ApiErrors.Forbidden(minter, refused).Throw();
        }

        return wanted;
    }

    /// <summary>The answer contains the token's value. No other answer ever does.</summary>
    public async Task<Client.Wire.Token> CreateAsync(
        ChangeActor actor, long userId, string login, bool siteAdmin, TokenRequest wanted, CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        if (wanted.Scopes.Has("site_admin") && !siteAdmin)
        {
            ApiErrors.Unprocessable(Resource, "scopes", "site_admin is for site administrators").Throw();
        }

        if (wanted.ExpiresAt <= now)
        {
            ApiErrors.Invalid(Resource, "expires_at", "expires_at lies in the past").Throw();
        }

        var secret = TokenSecret.Create(TokenSecret.Personal);
        var row = await db.WriteAsync(
            async session =>
            {
                var id = await TokenTable.InsertAsync(
                    session,
                    new NewTokenRow
                    {
                        Kind = "personal",
                        Hash = TokenSecret.Hash(secret),
                        UserId = userId,
                        Note = wanted.Note,
                        Scopes = wanted.Scopes.ToString(),
                        Patterns = wanted.Packages is null ? null : string.Join(' ', wanted.Packages),
                        CreatedAt = now,
                        ExpiresAt = wanted.ExpiresAt,
                    });
                await audit.RecordAsync(
                    session, actor,
                    AuditEntry.In(userId, login, "personal_access_token.create", Subject(id)) with { New = wanted.Scopes.ToString() });
                return await TokenTable.PersonalAsync(session, userId, id);
            },
            cancellationToken);
        return row!.ToWire(urls) with { Value = secret };
    }

    /// <summary>The token in the form of the audit log.</summary>
    public static string Subject(long id) => "token:" + id.ToString(CultureInfo.InvariantCulture);

    /// <summary>
    /// Ends one of the caller's own tokens, and the workflow tokens made with it, at once. A token cannot end one with more rights.
    /// </summary>
    /// <returns>Returns the refusal. Null when the token has ended.</returns>
    public Task<Http.ApiError?> RevokeAsync(ApiCaller caller, long tokenId, CancellationToken cancellationToken) => db.WriteAsync(
        async session =>
        {
            if (await TokenTable.PersonalAsync(session, caller.User.UserId, tokenId) is not { } token)
            {
                return ApiErrors.Hidden(caller.Principal);
            }

            if (tokenId != caller.User.TokenId
                && Scopes.Parse(token.Scopes).Names.FirstOrDefault(scope => !caller.User.Scopes.Has(scope)) is { } scope)
            {
                return ApiErrors.Forbidden(
                    caller.Principal, $"a token ends none that can more than itself, and this one has no {scope}");
            }

            await EndAsync(session, caller.Actor, caller.User, tokenId);
            return null;
        },
        cancellationToken);

    /// <summary>Ends a token of the person's, and the workflow tokens made with it. The caller has checked that it may end.</summary>
    public async Task EndAsync(DbSession session, ChangeActor actor, UserPrincipal owner, long tokenId)
    {
        await TokenTable.DeletePersonalAsync(session, owner.UserId, tokenId);
        await audit.RecordAsync(
            session, actor, AuditEntry.In(owner.UserId, owner.Login, "personal_access_token.destroy", Subject(tokenId)));
    }
}
