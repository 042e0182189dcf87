using Berth.Client.Wire;
using Berth.Server.Api;
using Berth.Server.Api.Bodies;
using Berth.Server.Api.Description;
using Berth.Server.Audit;
using Berth.Server.Database;

namespace Berth.Server.Codespaces.Dotfiles;

/// <summary>A person's own dotfiles. GitHub has these only in its web settings.</summary>
internal static class DotfilesEndpoints
{
    private const string Place = "/user/codespaces/dotfiles";

    public static void MapDotfiles(this IEndpointRouteBuilder api, string scope)
    {
        api.MapRead(Place, GetAsync).Requires(ApiNeed.User, scope)
            .Does("Get one's dotfiles").Gives<CodespaceDotfiles>().Refuses(404);
        api.MapPut(Place, PutAsync).Requires(ApiNeed.User, scope)
            .Does("Set one's dotfiles").Takes<NewCodespaceDotfiles>().Gives<CodespaceDotfiles>();
        api.MapDelete(Place, DeleteAsync).Requires(ApiNeed.User, scope)
            .Does("Have no dotfiles from now on").GivesNothing();
    }

    private static async Task<IResult> GetAsync(ApiCaller caller, Db db, CancellationToken cancellationToken) =>
        await db.ReadAsync(session => DotfilesTable.FindAsync(session, caller.User.UserId), cancellationToken) is { } row
            ? ApiResult.Ok(new CodespaceDotfiles { Repository = row.Repository, UpdatedAt = row.UpdatedAt })
            : ApiErrors.Hidden(caller.Principal);

    private static async Task<IResult> PutAsync(
        HttpRequest request, ApiCaller caller, Db db, AuditLog audit, TimeProvider time, CancellationToken cancellationToken)
    {
        var wanted = await RequestBody.ReadAsync<NewCodespaceDotfiles>(
            request,
            "Dotfiles",
            (dotfiles, faults) =>
            {
                if (dotfiles.Repository is { } url && !IsUrl(url))
                {
                    faults.Add("repository", "repository must be an http or https URL without user name and password");
                }
            },
            cancellationToken);
        var now = time.GetUtcNow();
        await db.WriteAsync(
            async session =>
            {
                await DotfilesTable.StoreAsync(session, caller.User.UserId, wanted.Repository, now);
                await audit.RecordAsync(session, caller.Actor, Entry(caller, "set") with { New = wanted.Repository });
            },
            cancellationToken);
        return await GetAsync(caller, db, cancellationToken);
    }

    private static async Task<IResult> DeleteAsync(ApiCaller caller, Db db, AuditLog audit, CancellationToken cancellationToken) =>
        await db.WriteAsync(
            async session =>
            {
                var deleted = await DotfilesTable.DeleteAsync(session, caller.User.UserId);
                if (deleted)
                {
                    await audit.RecordAsync(session, caller.Actor, Entry(caller, "remove"));
                }

                return deleted;
            },
            cancellationToken)
            ? ApiResult.NoContent()
            : ApiErrors.Hidden(caller.Principal);

    private static AuditEntry Entry(ApiCaller caller, string change) =>
        AuditEntry.In(caller.User.UserId, caller.User.Login, $"user.{change}_dotfiles", AuditEntry.User(caller.User.Login));

    private static bool IsUrl(string text) =>
        Uri.TryCreate(text, UriKind.Absolute, out var url) && url.Scheme is "http" or "https" && url.UserInfo.Length == 0
            && !text.Any(letter => char.IsControl(letter) || char.IsWhiteSpace(letter));
}
