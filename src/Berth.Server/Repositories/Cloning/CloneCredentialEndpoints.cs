using Berth.Server.Api;
using Berth.Server.Api.Bodies;
using Berth.Server.Api.Description;
using Berth.Server.Audit;
using Berth.Server.Database;

namespace Berth.Server.Repositories.Cloning;

/// <summary>
/// The routes for credentials of private git servers. A repository has one for everybody's codespaces, and a user may have one for their
/// own. No route returns the password.
/// </summary>
internal static class CloneCredentialEndpoints
{
    public static void MapCloneCredentials(this IEndpointRouteBuilder api)
    {
        const string Shared = "/repos/{owner}/{repo}/clone-credential";
        const string Own = "/repos/{owner}/{repo}/codespaces/clone-credential";
        api.MapRead(Shared, GetAsync).Requires(ApiNeed.RepositoryAdministrator, "repo")
            .Does("Get the login that a repository is cloned with").Gives<Client.Wire.CloneCredential>();
        api.MapPut(Shared, PutAsync).Requires(ApiNeed.RepositoryAdministrator, "repo")
            .Does("Set the login that a repository is cloned with").Takes<Client.Wire.NewCloneCredential>().GivesNothing();
        api.MapDelete(Shared, DeleteAsync).Requires(ApiNeed.RepositoryAdministrator, "repo")
            .Does("Delete the login that a repository is cloned with").GivesNothing();
        api.MapRead(Own, GetOwnAsync).Requires(ApiNeed.RepositoryUser, "codespace")
            .Does("Get one's own login for a repository").Gives<Client.Wire.CloneCredential>();
        api.MapPut(Own, PutOwnAsync).Requires(ApiNeed.RepositoryUser, "codespace")
            .Does("Set one's own login for a repository").Takes<Client.Wire.NewCloneCredential>().GivesNothing();
        api.MapDelete(Own, DeleteOwnAsync).Requires(ApiNeed.RepositoryUser, "codespace")
            .Does("Delete one's own login for a repository").GivesNothing();
    }

    private static Task<IResult> GetAsync(ApiCaller caller, RepositoryAccess access, Db db, CancellationToken cancellationToken) =>
        ShowAsync(caller, access, null, db, cancellationToken);

    private static Task<IResult> PutAsync(
        HttpRequest request, ApiCaller caller, RepositoryAccess access, CloneCredentials credentials,
        CancellationToken cancellationToken) =>
        StoreAsync(request, caller, access, null, credentials, cancellationToken);

    private static Task<IResult> DeleteAsync(
        ApiCaller caller, RepositoryAccess access, Db db, AuditLog audit, CancellationToken cancellationToken) =>
        RemoveAsync(caller, access, null, db, audit, cancellationToken);

    private static Task<IResult> GetOwnAsync(ApiCaller caller, RepositoryAccess access, Db db, CancellationToken cancellationToken) =>
        ShowAsync(caller, access, caller.User.UserId, db, cancellationToken);

    private static Task<IResult> PutOwnAsync(
        HttpRequest request, ApiCaller caller, RepositoryAccess access, CloneCredentials credentials,
        CancellationToken cancellationToken) =>
        StoreAsync(request, caller, access, caller.User.UserId, credentials, cancellationToken);

    private static Task<IResult> DeleteOwnAsync(
        ApiCaller caller, RepositoryAccess access, Db db, AuditLog audit, CancellationToken cancellationToken) =>
        RemoveAsync(caller, access, caller.User.UserId, db, audit, cancellationToken);

    private static async Task<IResult> ShowAsync(
        ApiCaller caller, RepositoryAccess access, long? userId, Db db, CancellationToken cancellationToken) =>
        await db.ReadAsync(session => CloneCredentialTable.FindAsync(session, access.Repository.Id, userId), cancellationToken) is { } row
            ? ApiResult.Ok(new Client.Wire.CloneCredential
            {
                Username = row.Username,
                Origin = row.Origin,
                CreatedAt = row.CreatedAt,
                UpdatedAt = row.UpdatedAt,
            })
            : ApiErrors.Hidden(caller.Principal);

    private static async Task<IResult> StoreAsync(
        HttpRequest request, ApiCaller caller, RepositoryAccess access, long? userId, CloneCredentials credentials,
        CancellationToken cancellationToken)
    {
        var wanted = await RequestBody.ReadAsync<Client.Wire.NewCloneCredential>(
            request,
            "CloneCredential",
            (credential, faults) =>
            {
                CheckLine("username", credential.Username, faults);
                CheckLine("password", credential.Password, faults);
            },
            cancellationToken);
        await credentials.StoreAsync(access.Repository, userId, wanted, caller, cancellationToken);
        return ApiResult.NoContent();
    }

    private static void CheckLine(string field, string? text, BodyFaults faults)
    {
        if (text is not null && text.Any(char.IsControl))
        {
            faults.Add(field, $"{field} must be one line");
        }
    }

    private static async Task<IResult> RemoveAsync(
        ApiCaller caller, RepositoryAccess access, long? userId, Db db, AuditLog audit, CancellationToken cancellationToken) =>
        await db.WriteAsync(
            async session =>
            {
                var removed = await CloneCredentialTable.DeleteAsync(session, access.Repository.Id, userId);
                if (removed)
                {
                    await audit.RecordAsync(session, caller.Actor, CloneCredentials.Entry(access.Repository, "remove", userId, caller));
                }

                return removed;
            },
            cancellationToken)
            ? ApiResult.NoContent()
            : ApiErrors.Hidden(caller.Principal);
}
