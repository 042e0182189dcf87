using Berth.Client.Wire;
using Berth.Server.Api;
using Berth.Server.Api.Bodies;
using Berth.Server.Api.Description;
using Berth.Server.Audit;
using Berth.Server.Authentication;
using Berth.Server.Database;
using Berth.Server.Tokens;

namespace Berth.Server.Accounts;

/// <summary>The routes for site administration, as on GitHub Enterprise Server: accounts, their tokens, and site administrators.</summary>
internal static class AdminEndpoints
{
    private const string Scope = "site_admin";

    public static void MapAdmin(this IEndpointRouteBuilder api)
    {
        api.MapPost("/admin/users", CreateUserAsync).Requires(ApiNeed.SiteAdministrator, Scope)
            .Does("Make a user").Takes<NewUser>().Creates<Account>();
        api.MapDelete("/admin/users/{username}", DeleteUserAsync).Requires(ApiNeed.SiteAdministrator, Scope)
            .Does("Delete a user with repositories, packages and tokens").GivesNothing();
        api.MapPost("/admin/users/{username}/authorizations", AuthorizeAsync).Requires(ApiNeed.SiteAdministrator, Scope)
            .Does("Make a token of a user").Takes<NewToken>().Creates<Token>();
        api.MapDelete("/admin/users/{username}/authorizations", RevokeAsync).Requires(ApiNeed.SiteAdministrator, Scope)
            .Does("End all tokens of a user").GivesNothing();
        api.MapPut("/users/{username}/site_admin", PromoteAsync).Requires(ApiNeed.SiteAdministrator, Scope)
            .Does("Make a user a site administrator").GivesNothing();
        api.MapDelete("/users/{username}/site_admin", DemoteAsync).Requires(ApiNeed.SiteAdministrator, Scope)
            .Does("Make a user no site administrator").GivesNothing();
    }

    /// <summary>Refuses an email address only when it cannot be one.</summary>
    internal static void CheckEmail(string? email, BodyFaults faults)
    {
        var at = email?.IndexOf('@', StringComparison.Ordinal) ?? 1;
        if (email is not null && (at <= 0 || at == email.Length - 1 || email.Any(char.IsWhiteSpace)))
        {
            faults.Add("email", "email must be an address such as ada@example.test");
        }
    }

    private static async Task<IResult> CreateUserAsync(
        HttpRequest request, ApiCaller caller, Db db, ApiUrls urls, TimeProvider time, AuditLog audit,
        CancellationToken cancellationToken)
    {
        var wanted = await RequestBody.ReadAsync<NewUser>(
            request,
            "User",
            (user, faults) =>
            {
                CheckLogin(user.Login, faults);
                CheckEmail(user.Email, faults);
            },
            cancellationToken);
        var row = await db.WriteAsync(
            async session =>
            {
                if (await AccountTable.InsertAsync(session, "user", wanted.Login, wanted.Name, wanted.Email, time.GetUtcNow())
                    is not { } id)
                {
                    return null;
                }

                await audit.RecordAsync(
                    session, caller.Actor, AuditEntry.In(id, wanted.Login, "user.create", AuditEntry.User(wanted.Login)));
                return await AccountTable.FindAsync(session, id);
            },
            cancellationToken);
        return row is null
            ? ApiErrors.Exists("User", "login", $"the login {wanted.Login} is taken")
            : ApiResult.Created(row.ToProfile(urls, withEmail: true));
    }

    internal static void CheckLogin(string? login, BodyFaults faults)
    {
        if (login is not null && Login.Fault(login) is { } fault)
        {
            faults.Add("login", fault);
        }
    }

    private static async Task<IResult> DeleteUserAsync(
        string username, ApiCaller caller, Db db, IFollowAccounts followers, AuditLog audit, CancellationToken cancellationToken)
    {
        var error = await db.WriteAsync(
            async session =>
            {
                if (await AccountTable.FindUserAsync(session, username) is not { } user)
                {
                    return ApiErrors.Hidden(caller.Principal);
                }

                if (user.SiteAdmin && await AccountTable.IsLastSiteAdminAsync(session, user.Id))
                {
                    return ApiErrors.Unprocessable("User", "login", $"{user.Login} is the last site administrator");
                }

                if (await AccountTable.OnlyOwnerOfAsync(session, user.Id) is { Count: > 0 } organizations)
                {
                    return ApiErrors.Unprocessable(
                        "User", "login", $"{user.Login} is the only owner of {string.Join(", ", organizations)}");
                }

                if (await AccountTable.CountCodespacesAsync(session, user.Id) > 0)
                {
                    return ApiErrors.Unprocessable("User", "login", $"{user.Login} has codespaces; delete them first");
                }

                await followers.AccountGoneAsync(session, caller.Actor, user.Id);
                await AccountTable.DeleteAsync(session, user.Id);
                await RecordAsync(audit, session, caller, user, "user.delete");
                return null;
            },
            cancellationToken);
        return error ?? ApiResult.NoContent();
    }

    /// <summary>
    /// Makes a token for another user when an administrator asks. Only tokens of site administrators get <c>site_admin</c>.
    /// </summary>
    private static async Task<IResult> AuthorizeAsync(
        string username, HttpRequest request, ApiCaller caller, Db db, PersonalTokens tokens, CancellationToken cancellationToken)
    {
        var wanted = await TokenRequest.ReadAsync(request, cancellationToken);
        var user = await db.ReadAsync(session => AccountTable.FindUserAsync(session, username), cancellationToken);
        return user is null
            ? ApiErrors.Hidden(caller.Principal)
            : ApiResult.Created(await tokens.CreateAsync(
                caller.Actor, user.Id, user.Login, user.SiteAdmin, wanted, cancellationToken));
    }

    /// <summary>Ends every token of a user at once, for a person who left or a token that leaked.</summary>
    private static async Task<IResult> RevokeAsync(
        string username, ApiCaller caller, Db db, AuditLog audit, CancellationToken cancellationToken)
    {
        var found = await db.WriteAsync(
            async session =>
            {
                if (await AccountTable.FindUserAsync(session, username) is not { } user)
                {
                    return false;
                }

                await TokenTable.DeleteAllAsync(session, user.Id);
                await RecordAsync(audit, session, caller, user, "personal_access_token.destroy_all");
                return true;
            },
            cancellationToken);
        return found ? ApiResult.NoContent() : ApiErrors.Hidden(caller.Principal);
    }

    private static Task<IResult> PromoteAsync(
        string username, ApiCaller caller, Db db, TimeProvider time, AuditLog audit, CancellationToken cancellationToken) =>
        SetSiteAdminAsync(username, siteAdmin: true, caller, db, time, audit, cancellationToken);

    private static Task<IResult> DemoteAsync(
        string username, ApiCaller caller, Db db, TimeProvider time, AuditLog audit, CancellationToken cancellationToken) =>
        SetSiteAdminAsync(username, siteAdmin: false, caller, db, time, audit, cancellationToken);

    private static async Task<IResult> SetSiteAdminAsync(
        string username, bool siteAdmin, ApiCaller caller, Db db, TimeProvider time, AuditLog audit,
        CancellationToken cancellationToken)
    {
        var error = await db.WriteAsync(
            async session =>
            {
                if (await AccountTable.FindUserAsync(session, username) is not { } user)
                {
                    return ApiErrors.Hidden(caller.Principal);
                }

                if (!siteAdmin && user.SiteAdmin && await AccountTable.IsLastSiteAdminAsync(session, user.Id))
                {
                    return ApiErrors.Unprocessable("User", "site_admin", $"{user.Login} is the last site administrator");
                }

                await AccountTable.SetSiteAdminAsync(session, user.Id, siteAdmin, time.GetUtcNow());
                await RecordAsync(audit, session, caller, user, siteAdmin ? "user.promote" : "user.demote");
                return null;
            },
            cancellationToken);
        return error ?? ApiResult.NoContent();
    }

    private static Task RecordAsync(AuditLog audit, DbSession session, ApiCaller caller, AccountRow user, string action) =>
        audit.RecordAsync(session, caller.Actor, AuditEntry.In(user.Id, user.Login, action, AuditEntry.User(user.Login)));
}
