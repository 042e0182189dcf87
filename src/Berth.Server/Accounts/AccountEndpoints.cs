using Berth.Client.Wire;
using Berth.Server.Api;
using Berth.Server.Api.Bodies;
using Berth.Server.Api.Description;
using Berth.Server.Audit;
using Berth.Server.Database;
using Berth.Server.Http;

namespace Berth.Server.Accounts;

/// <summary>The routes for accounts: the caller, profiles, and lists of users and organizations.</summary>
internal static class AccountEndpoints
{
    public static void MapAccounts(this IEndpointRouteBuilder api)
    {
        api.MapRead("/user", SelfAsync).Requires(ApiNeed.User)
            .Does("Get one's own profile").Gives<Account>();
        api.MapPatch("/user", ChangeAsync).Requires(ApiNeed.User, "user")
            .Does("Change one's own profile").Takes<ProfileChange>().Gives<Account>();
        api.MapRead("/users", UsersAsync).Requires(ApiNeed.User)
            .Does("List users").AsksNumber("since", "The id after which the list begins.").Gives<List<Account>>();
        api.MapRead("/organizations", OrganizationsAsync).Requires(ApiNeed.User)
            .Does("List organizations").AsksNumber("since", "The id after which the list begins.").Gives<List<Account>>();
        api.MapRead("/users/{username}", ProfileAsync).Requires(ApiNeed.Anyone).ReachedByCodespace(CodespaceReach.Profile)
            .Does("Get the profile of a user or organization").Gives<Account>();
    }

    private static async Task<IResult> SelfAsync(ApiCaller caller, Db db, ApiUrls urls, CancellationToken cancellationToken)
    {
        var row = await db.ReadAsync(session => AccountTable.FindAsync(session, caller.User.UserId), cancellationToken);
        return row is null ? Errors.NotFound : ApiResult.Ok(row.ToProfile(urls, withEmail: true));
    }

    private static async Task<IResult> ChangeAsync(
        HttpRequest request, ApiCaller caller, Db db, ApiUrls urls, AuditLog audit, TimeProvider time, CancellationToken cancellationToken)
    {
        var wanted = await RequestBody.ReadAsync<ProfileChange>(
            request, "User", (profile, faults) => AdminEndpoints.CheckEmail(profile.Email, faults), cancellationToken);
        var row = await db.WriteAsync(
            async session =>
            {
                await AccountTable.UpdateProfileAsync(session, caller.User.UserId, wanted.Name, wanted.Email, time.GetUtcNow());
                await audit.RecordAsync(
                    session, caller.Actor,
                    AuditEntry.In(caller.User.UserId, caller.User.Login, "user.update", AuditEntry.User(caller.User.Login)));
                return await AccountTable.FindAsync(session, caller.User.UserId);
            },
            cancellationToken);
        return row is null ? Errors.NotFound : ApiResult.Ok(row.ToProfile(urls, withEmail: true));
    }

    private static async Task<IResult> ProfileAsync(
        string username, ApiCaller caller, Db db, ApiUrls urls, CancellationToken cancellationToken)
    {
        var row = await db.ReadAsync(session => AccountTable.FindAsync(session, username), cancellationToken);
        return row is null
            ? ApiErrors.Hidden(caller.Principal)
            : ApiResult.Ok(row.ToProfile(urls, withEmail: caller.IsSiteAdministrator || caller.UserOrNull?.UserId == row.Id));
    }

    private static Task<IResult> UsersAsync(HttpContext http, Paging paging, Db db, ApiUrls urls, CancellationToken cancellationToken) =>
        ListAsync("user", http, paging, db, urls, cancellationToken);

    private static Task<IResult> OrganizationsAsync(
        HttpContext http, Paging paging, Db db, ApiUrls urls, CancellationToken cancellationToken) =>
        ListAsync("organization", http, paging, db, urls, cancellationToken);

    /// <summary>GitHub's <c>since</c> is the id after which the list begins.</summary>
    private static async Task<IResult> ListAsync(
        string kind, HttpContext http, Paging paging, Db db, ApiUrls urls, CancellationToken cancellationToken)
    {
        _ = long.TryParse(http.Request.Query["since"].ToString(), out var since);
        var page = await db.ReadAsync(session => AccountTable.ListAsync(session, kind, since, paging), cancellationToken);
        return ApiResult.Page(http, paging, page.Select(row => row.ToSimple(urls)));
    }
}
