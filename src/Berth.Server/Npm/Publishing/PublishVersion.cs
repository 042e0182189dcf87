using Berth.Server.Access;
using Berth.Server.Database;
using Berth.Server.Http;
using Berth.Server.Npm.Authorization;
using Berth.Server.Npm.Documents;
using Berth.Server.Packages;
using Berth.Server.Packages.Changes;
using Berth.Server.Packages.Content;
using Berth.Server.Storage;

namespace Berth.Server.Npm.Publishing;

/// <summary>
/// Publishes a version. It stores the bytes first, and then package, version, tarball and tags in one transaction. There publishes to one
/// package run one after another, so none is lost and none has to know the revision.
/// </summary>
internal sealed class PublishVersion(
    Db db, IUploadStore uploads, IBlobStore blobs, KeepBlob keep, FirstPublish firstPublish, Packuments packuments, TimeProvider time)
{
    /// <summary>Returns what npm shows the publisher besides success. Null: nothing.</summary>
    /// <exception cref="ApiException">400: the content is not what it says. 403: the right to publish was lost. 409: the version exists
    /// already.</exception>
    public async Task<string?> RunAsync(NpmAccess access, ReceivedPublish received, CancellationToken cancellationToken)
    {
        var (document, tarball) = (received.Document, received.Tarball!);
        var announced = AnnouncedVersion.Of(document, tarball, access.Address);
        var commit = await uploads.CommitAsync(tarball.Upload, tarball.Digest, cancellationToken);
        if (!commit.Matches)
        {
            throw new ApiException(NpmErrors.Bad($"the tarball was damaged on its way: it is {commit.Actual} in the store"));
        }

        received.Keep();
        try
        {
            var contents = await LookAsync(tarball, access, announced, cancellationToken);
            var version = announced.ToStore(document, tarball, contents, access.Actor.Name);

            // From here on nothing is cancelled, because the client may rely on a publish whose answer it never saw.
            var lost = await keep.LostAsync(tarball.Digest);
            var (packageId, visibility) = await db.WriteAsync(
                session => RecordAsync(session, access, document, announced, version, (tarball.Upload, commit, lost)),
                CancellationToken.None);
            await packuments.PrepareAsync(access.Address, packageId);
            return document.Access == "public" && visibility != Visibility.Public ? Notice(access.Address, visibility) : null;
        }
        catch (Exception exception) when (exception is ApiException or OperationCanceledException)
        {
            // The publish was refused, so there is no row. After any other failure there may be one, and the collector removes the bytes if
            // there is none.
            await blobs.DeleteAsync(tarball.Upload, CancellationToken.None);
            throw;
        }
    }

    private async Task<TarballContents> LookAsync(
        ReceivedTarball tarball, NpmAccess access, AnnouncedVersion announced, CancellationToken cancellationToken)
    {
        await using var content = await blobs.OpenAsync(tarball.Upload, cancellationToken)
            ?? throw new IOException("the tarball is not in the store that has just taken it");
        return await TarballContents.ReadAsync(content, access.Address, announced.Version, cancellationToken);
    }

    private async Task<(long PackageId, Visibility Visibility)> RecordAsync(
        DbSession session, NpmAccess access, PublishDocument document, AnnouncedVersion announced, NewNpmVersion version,
        (StorageKey Upload, CommitResult Commit, BlobRow? Lost) bytes)
    {
        var now = time.GetUtcNow();
        var changes = new PackageChanges(session, access.Actor, now);
        var packageId = await firstPublish.EnsureAsync(
            session, changes, access.Principal, access.Address, announced.Sources, now, WishOf(document));
        var package = (await PackageTable.FindAsync(session, packageId))!;
        var (versionId, made) = await changes.PublishAsync(packageId, version.Version);
        if (!made)
        {
            throw new ApiException(NpmErrors.Conflict(
                $"cannot publish over existing version {version.Version} of {access.Address}: raise the number (npm version patch)"));
        }

        await DemandNumberAsync(session, package, version);
        var blobId = await KeepBlob.RecordAsync(session, packageId, bytes.Upload, bytes.Commit, bytes.Lost, now);
        await changes.LinkVersionBlobsAsync(packageId, versionId, [blobId]);
        await NpmVersionTable.InsertAsync(session, versionId, blobId, version);
        foreach (var tag in document.Tags.Where(tag => tag.Value == version.Version))
        {
            await changes.TagAsync(packageId, tag.Key, versionId);
        }

        return (packageId, VisibilityNames.Parse(package.Visibility));
    }

    private static async Task DemandNumberAsync(DbSession session, PackageDetails package, NewNpmVersion version)
    {
        var before = await NpmVersionTable.NumberAsync(session, package.OwnerId, package.Address, version.Version);
        if (before is not null && before != version.Integrity)
        {
            throw new ApiException(NpmErrors.Conflict(
                $"cannot publish over version {version.Version} of {package.Address}, which was published before with other content: a "
                    + "number is never used again; raise it (npm version patch)"));
        }

        await NpmVersionTable.TakeNumberAsync(session, package.OwnerId, package.Address, version.Version, version.Integrity);
    }

    private static Visibility? WishOf(PublishDocument document) => document.Access switch
    {
        "public" => Visibility.Public,
        "restricted" => Visibility.Private,
        _ => null,
    };

    private static string Notice(PackageAddress address, Visibility visibility) =>
        $"{address} is {visibility.Name()}, whatever --access says. Who may open it can run: "
            + $"berth package edit {address.Owner}/{address.Name} --type npm --visibility public";
}
