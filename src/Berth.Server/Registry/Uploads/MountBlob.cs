using Berth.Server.Access;
using Berth.Server.Database;
using Berth.Server.Oci;
using Berth.Server.Packages.Changes;
using Berth.Server.Packages.Content;
using Berth.Server.Registry.Authorization;
using Berth.Server.Storage;

namespace Berth.Server.Registry.Uploads;

/// <summary>
/// Links a blob that another package of the caller's has: distribution-spec, "Mounting a blob from another repository". What the caller may
/// not read cannot be mounted. The answer does not reveal that: it is the ordinary start of an upload.
/// </summary>
internal sealed class MountBlob(Db db, AccessDecisions decisions, IBlobStore store, TimeProvider time)
{
    /// <summary>How many packages are checked when the request names none.</summary>
    private const int MostCandidates = 20;

    /// <summary>Returns whether the blob is linked now.</summary>
    public async Task<bool> RunAsync(RegistryAccess access, Digest digest, string? from, CancellationToken cancellationToken)
    {
        if (await db.ReadAsync(session => BlobTable.FindAnywhereAsync(session, digest), cancellationToken) is not { } blob
            || await store.SizeAsync(blob.Key, cancellationToken) != blob.Size)
        {
            return false;
        }

        foreach (var source in from is null ? await CandidatesAsync(access.Principal, digest, cancellationToken) : Named(from))
        {
            if (await MayReadAsync(access, source, named: from is not null, cancellationToken) is { } packageId
                && await LinkAsync(access, packageId, digest, cancellationToken))
            {
                return true;
            }
        }

        return false;
    }

    private static IEnumerable<ImageName> Named(string from) => ImageName.TryParse(from, out var name) ? [name] : [];

    private async Task<IEnumerable<ImageName>> CandidatesAsync(Principal principal, Digest digest, CancellationToken cancellationToken)
    {
        var holders = await db.ReadAsync(
            session => BlobTable.PackagesWithAsync(session, digest, principal, MostCandidates), cancellationToken);
        return holders.Select(holder => ImageName.TryParse($"{holder.Owner}/{holder.Name}", out var name) ? name : null)
            .OfType<ImageName>();
    }

    /// <summary>
    /// The live package, if the caller may pull from it: by a decision now and, if the request names the package, also by the scopes of its
    /// registry token. A token cannot name what the request leaves open. If there is no live package, what the caller uploaded under the
    /// name.
    /// </summary>
    private async Task<long?> MayReadAsync(RegistryAccess access, ImageName source, bool named, CancellationToken cancellationToken)
    {
        var facts = await decisions.FactsAsync(access.At, access.Principal, source.Address, cancellationToken);
        if (named && access.Token is { } token && token.For(source.Value)?.Granted.HasFlag(RegistryActions.Pull) != true)
        {
            return null;
        }

        return facts.Exists
            ? AccessRules.Decide(access.Principal, PackageAction.Pull, facts).Allowed ? facts.PackageId : null
            : await db.ReadAsync(session => PendingPackages.FindOwnAsync(session, access.Principal, facts), cancellationToken);
    }

    private Task<bool> LinkAsync(RegistryAccess access, long source, Digest digest, CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        return db.WriteUnderLocksAsync(
            async session =>
            {
                // Check again in the transaction, so that a blob that the source has lost meanwhile is not mounted.
                if (await BlobTable.FindAsync(session, source, digest) is not { } blob)
                {
                    return false;
                }

                var packageId = await PendingPackages.EnsureAsync(session, access.Principal, access.Facts, now);
                await BlobLinkTable.LinkAsync(session, packageId, blob.Id, now);
                await new PackageChanges(session, access.Actor, now).LinkLateBlobAsync(packageId, digest, blob.Id);
                return true;
            },
            cancellationToken);
    }
}
