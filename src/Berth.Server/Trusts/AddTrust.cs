using Berth.Server.Api;
using Berth.Server.Audit;
using Berth.Server.Database;
using Berth.Server.Repositories;

namespace Berth.Server.Trusts;

/// <summary>
/// Adds a trust. It needs the same scope as minting a workflow token, since nobody may let others publish without being allowed to publish.
/// </summary>
internal sealed class AddTrust(Db db, AuditLog audit, TimeProvider time)
{
    private const string Resource = "Trust";
    private const int Most = 100;

    public static string Subject(long id) => $"trust:{id}";

    public async Task<string?> ExternalIdAsync(long repositoryId, CancellationToken cancellationToken) =>
        (await db.ReadAsync(session => RepositoryTable.FindAsync(session, repositoryId), cancellationToken))?.ExternalId;

    public async Task<IResult> RunAsync(ApiCaller caller, Trust wanted, AuditEntry entry, CancellationToken cancellationToken)
    {
        var scope = wanted.Packages + ":packages";
        if (!caller.User.Scopes.Has(scope))
        {
            return ApiErrors.LacksScope(caller.User, [scope]);
        }

        var made = await db.WriteAsync(
            async session =>
            {
                RequireRoom(await PresentAsync(session, wanted), wanted);
                var id = await TrustTable.InsertAsync(
                    session, wanted with { CreatedBy = caller.User.Login, CreatedAt = time.GetUtcNow() });
                await audit.RecordAsync(session, caller.Actor, entry with { Subject = Subject(id), New = wanted.Describe() });
                return await TrustTable.FindAsync(session, id);
            },
            cancellationToken);
        return ApiResult.Created(made!.ToWire());
    }

    private static Task<List<Trust>> PresentAsync(DbSession session, Trust wanted) => wanted.RepositoryId is { } repository
        ? TrustTable.OfRepositoryAsync(session, repository)
        : TrustTable.OfOrganizationAsync(session, wanted.OwnerId);

    private static void RequireRoom(List<Trust> present, Trust wanted)
    {
        if (present.Count >= Most)
        {
            ApiErrors.Unprocessable(Resource, "issuer", $"there are {Most} trusts already; remove one that nobody uses").Throw();
        }

        if (present.Exists(one => one.Trusts(wanted)))
        {
            ApiErrors.Exists(Resource, "value", "this is trusted already; remove that trust first to change what it gives").Throw();
        }
    }
}
