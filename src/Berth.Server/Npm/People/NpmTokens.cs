using System.Security.Cryptography;
using System.Text;
using Berth.Server.Access;
using Berth.Server.Api;
using Berth.Server.Authentication;
using Berth.Server.Database;
using Berth.Server.Http;
using Berth.Server.Npm.Authorization;
using Berth.Server.Tokens;
using Berth.Server.Trusts;

namespace Berth.Server.Npm.People;

/// <summary>
/// <c>npm token</c>: the caller's personal tokens. They are made and ended by the same code as in the REST API, with the same limits. A
/// secret is shown only once, when it is made.
/// </summary>
internal static class NpmTokens
{
    public static void MapNpmTokens(this IEndpointRouteBuilder npm)
    {
        const string tokens = "/-/npm/v1/tokens";
        npm.MapGet(tokens, ListAsync).RequiresOfApi(ApiNeed.User);
        npm.MapPost(tokens, CreateAsync).RequiresOfApi(ApiNeed.User);
        npm.MapDelete(tokens + "/token/{token}", RevokeAsync).RequiresOfApi(ApiNeed.User);
    }

    private static async Task<IResult> ListAsync(ApiCaller caller, Db db, CancellationToken cancellationToken)
    {
        var rows = await RowsAsync(caller, db, cancellationToken);
        var tokens = rows.ConvertAll(row => new NpmToken
        {
            // No part of a secret is stored, so the prefix is shown. npm compares it with the beginning of a secret that is to be revoked.
            Token = TokenSecret.Personal,
            Key = Key(row.Id),
            Name = row.Note ?? "",
            Created = row.CreatedAt,
            ReadOnly = !Scopes.Parse(row.Scopes).WritesPackages,
            Expires = row.ExpiresAt,
            Scopes = [.. Scopes.Parse(row.Scopes).Names],
            Packages = row.Patterns is null ? null : PackagePatterns.Parse(row.Patterns).Patterns,
        });
        return Results.Json(new NpmTokenList(tokens, tokens.Count, new NpmPages()), NpmJson.Default.NpmTokenList);
    }

    /// <summary>
    /// npm asks for a password before it makes a token, because npm's own registry requires one. Here the password must be a token of the
    /// same person.
    /// </summary>
    private static async Task<IResult> CreateAsync(
        HttpContext http, NpmCaller asks, ApiCaller caller, RegistryPasswords passwords, LoginThrottle throttle, PersonalTokens tokens,
        TimeProvider time, CancellationToken cancellationToken)
    {
        var body = await NpmBody.ReadAsync(http.Request, cancellationToken);
        var wish = NpmTokenWish.Read(body, caller.User.Scopes, time.GetUtcNow());
        var credentials = new Credentials("basic", caller.User.Login, body.Needs("password"));
        var (known, _) = await passwords.AuthenticateAsync(http, asks.At, credentials, cancellationToken);
        if (known is not UserPrincipal person || person.UserId != caller.User.UserId)
        {
            await throttle.FailedAsync(http.Connection.RemoteIpAddress, caller.User.Login, cancellationToken);
            return new ApiError(401, "UNAUTHORIZED", $"the password that npm asks for is a personal access token of {caller.User.Login}");
        }

        var made = await tokens.MintAsync(caller, wish, cancellationToken);
        return Results.Json(
            new NpmToken
            {
                Token = made.Value!,
                Key = Key(made.Id),
                Name = made.Note ?? "",
                Created = made.CreatedAt,
                ReadOnly = !wish.Scopes.WritesPackages,
                Expires = made.ExpiresAt,
                Scopes = made.Scopes,
                Packages = made.Packages,
            },
            NpmJson.Default.NpmToken, statusCode: StatusCodes.Status201Created);
    }

    /// <param name="token">A key from the list, or a whole secret.</param>
    private static async Task<IResult> RevokeAsync(
        string token, ApiCaller caller, Db db, PersonalTokens tokens, CancellationToken cancellationToken)
    {
        var hash = TokenSecret.Hash(token);
        var own = await RowsAsync(caller, db, cancellationToken);
        var found = own.Find(row => Key(row.Id) == token)?.Id
            ?? (await db.ReadAsync(session => TokenTable.FindAsync(session, hash), cancellationToken))?.Id;
        if (found is not { } id)
        {
            return NpmErrors.NotFound.Saying("none of your tokens has this key (npm token list), or is this one");
        }

        return await tokens.RevokeAsync(caller, id, cancellationToken) is { } error
            ? error
            : Results.Json(new NpmDone(true, Key(id)), NpmJson.Default.NpmDone);
    }

    private static Task<List<PersonalTokenRow>> RowsAsync(ApiCaller caller, Db db, CancellationToken cancellationToken) =>
        db.ReadAsync(
            session => TokenTable.PersonalAsync(session, caller.User.UserId, Paging.Whole.Size, Paging.Whole.Offset), cancellationToken);

    /// <summary>
    /// A token's number in a form that suits npm. npm shows only the first digits that distinguish a key from the others, and accepts any
    /// beginning for the whole. A plain number could be the beginning of others, and a number shown today could mean another token
    /// tomorrow.
    /// </summary>
    private static string Key(long id) =>
        Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(PersonalTokens.Subject(id))).AsSpan(0, 16));
}
