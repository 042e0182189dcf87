using Berth.Server.Accounts;
using Berth.Server.Api;
using Berth.Server.Database;
using Berth.Server.Http;
using Berth.Server.Npm.Authorization;

namespace Berth.Server.Npm.People;

/// <summary><c>npm profile get</c>. Most of what <c>set</c> changes does not exist here: passwords, second factors, handles.</summary>
internal static class NpmProfiles
{
    public static void MapNpmProfiles(this IEndpointRouteBuilder npm)
    {
        const string user = "/-/npm/v1/user";
        npm.MapGet(user, GetAsync).RequiresOfApi(ApiNeed.User);
        npm.MapPost(user, Elsewhere).RequiresOfApi(ApiNeed.User);
    }

    private static async Task<IResult> GetAsync(ApiCaller caller, Db db, CancellationToken cancellationToken) =>
        await db.ReadAsync(session => AccountTable.FindAsync(session, caller.User.UserId), cancellationToken) is { } account
            ? Results.Json(
                new NpmProfile
                {
                    Name = account.Login,
                    Email = account.Email ?? "",
                    FullName = account.Name ?? "",
                    Created = account.CreatedAt,
                    Updated = account.UpdatedAt,
                },
                NpmJson.Default.NpmProfile)
            : ApiErrors.Hidden(caller.Principal);

    private static IResult Elsewhere(ApiUrls urls) => new ApiError(
        405, "UNSUPPORTED", $"npm changes no profile here: PATCH {urls.Api}/user changes name and email, and there are tokens in place of "
            + "passwords and second factors");
}
