using Berth.Server.Database;
using Berth.Server.Http;
using Berth.Server.Oci;
using Berth.Server.Packages.Changes;
using Berth.Server.Packages.Content;
using Berth.Server.Registry.Authorization;
using Berth.Server.Storage;

namespace Berth.Server.Registry.Uploads;

/// <summary>
/// Turns an upload into a blob of a package. It verifies the bytes, writes them to disk, and then writes the rows in one transaction.
/// </summary>
internal sealed class FinishUpload(Db db, IUploadStore uploads, KeepBlob keep, TimeProvider time)
{
    /// <summary>Null when it is done.</summary>
    /// <param name="begun">Whether the upload has a row, which is deleted with the commit.</param>
    /// <param name="cancellationToken">Has an effect only until the bytes are verified.</param>
    public async Task<ApiError?> RunAsync(
        RegistryAccess access, StorageKey upload, Digest expected, bool begun, CancellationToken cancellationToken)
    {
        var commit = await uploads.CommitAsync(upload, expected, cancellationToken);
        if (!commit.Matches)
        {
            // distribution-spec, "Errors": an upload that gets a 4xx other than 416 has failed, so nothing of it is kept.
            await DiscardAsync(upload, begun);
            return RegistryErrors.DigestInvalid.Saying("the content does not have the given digest")
                .With($"expected {expected}, the {commit.Size} bytes sent are {commit.Actual}");
        }

        // The bytes are in place. From here on nothing is cancelled. If no row is written, the collector removes the bytes.
        var now = time.GetUtcNow();
        var lost = await keep.LostAsync(expected);
        return await db.WriteUnderLocksAsync(
            session => RecordAsync(session, access, upload, commit, begun, lost, now), CancellationToken.None);
    }

    public async Task DiscardAsync(StorageKey upload, bool begun)
    {
        if (begun)
        {
            await db.WriteAsync(session => UploadTable.DeleteAsync(session, upload), CancellationToken.None);
        }

        await uploads.DiscardAsync(upload, CancellationToken.None);
    }

    private static async Task<ApiError?> RecordAsync(
        DbSession session, RegistryAccess access, StorageKey upload, CommitResult commit, bool begun, BlobRow? lost, DateTimeOffset now)
    {
        // Lock the package before its uploads, in the same order as a first publish, since otherwise each could wait for the other.
        var packageId = await PendingPackages.EnsureAsync(session, access.Principal, access.Facts, now);
        if (begun && !await UploadTable.DeleteAsync(session, upload))
        {
            // The upload was cancelled or expired while its last bytes arrived.
            await BlobTable.TrashAsync(session, upload, now);
            return RegistryErrors.BlobUploadUnknown;
        }

        var blob = await KeepBlob.RecordAsync(session, packageId, upload, commit, lost, now);
        await new PackageChanges(session, access.Actor, now).LinkLateBlobAsync(packageId, commit.Actual, blob);
        return null;
    }
}
