using Berth.Server.Access;
using Berth.Server.Api;
using Berth.Server.Database;
using Berth.Server.Http;
using Berth.Server.Packages.Versions;
using Berth.Server.Settings;

namespace Berth.Server.Packages;

/// <summary>
/// Deletes packages and versions softly, and brings them back while they are kept. What is deleted is unreadable at once; restoring
/// brings back the whole graph and never moves a tag that moved on.
/// </summary>
internal sealed partial class DeletePackage(Db db, BerthOptions options, TimeProvider time, ILogger<DeletePackage> logger)
{
    private const string Resource = "Package";

    /// <summary><c>?purge=true</c>: now and for good.</summary>
    public static bool Purges(HttpRequest request) => request.Query["purge"] == "true";

    public async Task DeleteAsync(Principal principal, PackageAccess access, bool purge, CancellationToken cancellationToken)
    {
        await db.WriteAsync(
            session => purge ? PackageTable.PurgeAsync(session, access.Id) : PackageTable.DeleteAsync(session, access.Id, time.GetUtcNow()),
            cancellationToken);
        LogDeleted(principal.Key, access.Address.ToString(), purge);
    }

    /// <summary>Null when it is back.</summary>
    public async Task<ApiError?> RestoreAsync(Principal principal, PackageAddress address, CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        var error = await db.WriteAsync(
            async session =>
            {
                var live = await AccessDecisions.SubjectAsync(session, address);
                if (live.Owner is not { } owner
                    || await PackageTable.DeletedAsync(session, owner.Id, address, now - TimeSpan.FromDays(options.DeletedRetentionDays)) is not { } deleted
                    || !MayRestore(principal, await AccessDecisions.LoadAsync(session, principal, address, deleted)))
                {
                    return ApiErrors.Hidden(principal);
                }

                if (live.Exists)
                {
                    return ApiErrors.Unprocessable(Resource, "name", $"there is a new package {address}; delete that one first");
                }

                await PackageTable.RestoreAsync(session, deleted, now);
                return null;
            },
            cancellationToken);
        if (error is null)
        {
            LogRestored(principal.Key, address.ToString());
        }

        return error;
    }

    /// <param name="principal">Who asks.</param>
    /// <param name="access">The package.</param>
    /// <param name="versionId">The version.</param>
    /// <param name="force">Also a part of an index that is still there.</param>
    /// <param name="purge">Now and for good.</param>
    /// <param name="cancellationToken">Ends the wait for the writer.</param>
    public async Task<ApiError?> DeleteVersionAsync(
        Principal principal, PackageAccess access, long versionId, bool force, bool purge, CancellationToken cancellationToken)
    {
        var (digest, error) = await db.WriteAsync<(string?, ApiError?)>(session => DeleteVersionAsync(session, principal, access, versionId, force, purge), cancellationToken);
        if (digest is not null)
        {
            LogVersionDeleted(principal.Key, digest, access.Address.ToString(), purge);
        }

        return error;
    }

    private async Task<(string? Digest, ApiError? Error)> DeleteVersionAsync(
        DbSession session, Principal principal, PackageAccess access, long versionId, bool force, bool purge)
    {
        var version = await VersionTable.FindAsync(session, access.Id, versionId);
        if (version is null || (version.DeletedAt is not null && !purge))
        {
            return (null, ApiErrors.Hidden(principal));
        }

        if (version.DeletedAt is null && await VersionTable.CountAsync(session, access.Id) == 1)
        {
            return (null, Errors.BadRequest(400, "You cannot delete the last version of a package. You must delete the package instead."));
        }

        if (!force && version.DeletedAt is null && await VersionTable.ParentAsync(session, access.Id, version.Name) is { } parent)
        {
            return (null, ApiErrors.Unprocessable(
                "PackageVersion", "id", $"the index {parent} holds this version and would break; delete that one first, or say ?force=true"));
        }

        await (purge ? VersionTable.PurgeAsync(session, access.Id, version.Id) : VersionTable.DeleteAsync(session, access.Id, version.Id, time.GetUtcNow()));
        return (version.Name, null);
    }

    public async Task<ApiError?> RestoreVersionAsync(Principal principal, PackageAddress address, long versionId, CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        var since = now - TimeSpan.FromDays(options.DeletedRetentionDays);
        var (digest, error) = await db.WriteAsync<(string?, ApiError?)>(
            async session =>
            {
                var facts = await AccessDecisions.LoadAsync(session, principal, address);
                if (facts.PackageId is not { } id || !MayRestore(principal, facts)
                    || await VersionTable.FindAsync(session, id, versionId) is not { DeletedAt: { } deletedAt } version || deletedAt < since)
                {
                    return (null, ApiErrors.Hidden(principal));
                }

                if (await VersionTable.IsLiveAsync(session, id, version.Name))
                {
                    return (null, ApiErrors.Unprocessable("PackageVersion", "id", $"{version.Name} was pushed again since and is there"));
                }

                await VersionTable.RestoreGraphAsync(session, id, version, since, now);
                return (version.Name, null);
            },
            cancellationToken);
        if (digest is not null)
        {
            LogVersionRestored(principal.Key, digest, address.ToString());
        }

        return error;
    }

    /// <summary>Admin on the package; GitHub lets workflows that may delete also restore.</summary>
    private static bool MayRestore(Principal principal, PackageFacts facts) =>
        AccessRules.Decide(principal, principal is WorkflowPrincipal ? PackageAction.Delete : PackageAction.Manage, facts).Allowed;

    [LoggerMessage(Level = LogLevel.Information, Message = "{Principal} deleted package {Package} (purged: {Purged})")]
    private partial void LogDeleted(string principal, string package, bool purged);

    [LoggerMessage(Level = LogLevel.Information, Message = "{Principal} restored package {Package}")]
    private partial void LogRestored(string principal, string package);

    [LoggerMessage(Level = LogLevel.Information, Message = "{Principal} deleted version {Digest} of {Package} (purged: {Purged})")]
    private partial void LogVersionDeleted(string principal, string digest, string package, bool purged);

    [LoggerMessage(Level = LogLevel.Information, Message = "{Principal} restored version {Digest} of {Package}")]
    private partial void LogVersionRestored(string principal, string digest, string package);
}
