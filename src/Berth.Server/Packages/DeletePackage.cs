using Berth.Server.Access;
using Berth.Server.Api;
using Berth.Server.Database;
using Berth.Server.Http;
using Berth.Server.Packages.Changes;
using Berth.Server.Packages.References;
using Berth.Server.Packages.Rules;

namespace Berth.Server.Packages;

/// <summary>How a package is to be deleted.</summary>
internal sealed record PackageDeletion
{
    /// <summary>Deletes it at once and for good.</summary>
    public bool Purge { get; init; }

    /// <summary>Deletes it even when other packages depend on it.</summary>
    public bool Force { get; init; }

    /// <summary>An administrator's decision that immutable tags are deleted too.</summary>
    public TagOverride? Overriding { get; init; }
}

/// <summary>Deletes packages softly, and restores them while they are kept. A deleted package is unreadable at once.</summary>
internal sealed partial class DeletePackage(
    Db db, PackageNeeds needs, RetentionOptions options, TimeProvider time, ILogger<DeletePackage> logger)
{
    private const string Resource = "Package";

    /// <summary>Reads <c>?purge=true</c>, which deletes at once and for good.</summary>
    public static bool Purges(HttpRequest request) => request.Query["purge"] == "true";

    /// <summary>Says why a package or version that others depend on stays.</summary>
    /// <param name="broken">Names the dependants, in words.</param>
    public static string Needed(string broken) =>
        $"packages of this server depend on it: {broken}; deprecate it instead, or say ?force=true (berth: --force)";

    /// <exception cref="ApiException">403: it has immutable tags. 422: other packages depend on it.</exception>
    public async Task DeleteAsync(
        ChangeActor actor, PackageAccess access, PackageDeletion wanted, CancellationToken cancellationToken)
    {
        await db.WriteAsync(
            async session =>
            {
                if (!wanted.Force && await needs.BrokenAsync(session, actor.Principal, access.Id, removed: null) is { } broken)
                {
                    throw new ApiException(ApiErrors.Unprocessable(Resource, "name", Needed(broken)));
                }

                var changes = new PackageChanges(session, actor, time.GetUtcNow(), wanted.Overriding);
                await (wanted.Purge ? changes.PurgeAsync(access.Id) : changes.DeleteAsync(access.Id));
            },
            cancellationToken);
        LogDeleted(actor.Key, access.Address.ToString(), wanted.Purge);
    }

    /// <summary>Returns null when the package is restored.</summary>
    public async Task<ApiError?> RestoreAsync(ApiCaller caller, PackageAddress address, CancellationToken cancellationToken)
    {
        var principal = caller.Principal;
        var now = time.GetUtcNow();
        var error = await db.WriteAsync(
            async session =>
            {
                var live = await AccessDecisions.SubjectAsync(session, address);
                if (live.Owner is not { } owner
                    || await PackageTable.DeletedAsync(
                        session, owner.Id, address, now - TimeSpan.FromDays(options.DeletedRetentionDays)) is not { } deleted
                    || !MayRestore(principal, await AccessDecisions.LoadAsync(session, principal, address, deleted)))
                {
                    return ApiErrors.Hidden(principal);
                }

                if (live.Exists)
                {
                    return ApiErrors.Unprocessable(Resource, "name", $"there is a new package {address}; delete that one first");
                }

                var changes = new PackageChanges(session, caller.Actor, now);
                await changes.RestoreAsync(deleted);
                await TightenAsync(session, changes, address, deleted);
                return null;
            },
            cancellationToken);
        if (error is null)
        {
            LogRestored(principal.Key, address.ToString());
        }

        return error;
    }

    /// <summary>Makes the package private if its owner no longer allows its visibility, since nobody has asked to open it again.</summary>
    private static async Task TightenAsync(DbSession session, PackageChanges changes, PackageAddress address, long id)
    {
        var restored = await AccessDecisions.SubjectAsync(session, address);
        var settings = new PackageSettings(restored.Visibility, restored.Linked, restored.Inherits);
        if (restored.Owner!.Clamp(restored.Visibility) is var allowed && allowed != restored.Visibility)
        {
            await changes.SettleAsync(id, settings, settings with { Visibility = allowed });
        }
    }

    /// <summary>Admins of the package may restore it. Workflows that may delete it may too, as on GitHub.</summary>
    public static bool MayRestore(Principal principal, PackageFacts facts) =>
        AccessRules.Decide(principal, principal is WorkflowPrincipal ? PackageAction.Delete : PackageAction.Manage, facts).Allowed;

    [LoggerMessage(Level = LogLevel.Information, Message = "{Principal} deleted package {Package} (purged: {Purged})")]
    private partial void LogDeleted(string principal, string package, bool purged);

    [LoggerMessage(Level = LogLevel.Information, Message = "{Principal} restored package {Package}")]
    private partial void LogRestored(string principal, string package);
}
