using Berth.Server.Http;
using Berth.Server.Oci;
using Berth.Server.Packages.Content;

namespace Berth.Server.Packages.Changes;

/// <content>Versions and their tags.</content>
internal sealed partial class PackageChanges
{
    /// <summary>
    /// Creates the version, or renews the live one of the same name. A deleted version of that name stays deleted, since this is a new
    /// version.
    /// </summary>
    public async Task<(long Id, bool Made)> PublishAsync(long packageId, string name)
    {
        var made = await session.FirstOrDefaultAsync<long?>(
            """
            insert into package_versions (package_id, name, created_by, created_at, updated_at, run, ref, commit_id)
            values (@packageId, @name, @actor, @now, @now, @run, @gitRef, @commit)
            on conflict (package_id, name) where deleted_at is null do nothing
            returning id
            """,
            new { packageId, name, actor = actor.Key, now, run = actor.Run, gitRef = actor.Ref, commit = actor.Commit });
        if (made is { } id)
        {
            await RecordAsync(packageId, new(PackageEventKind.VersionPublished) { VersionId = id, Version = name });
            return (id, true);
        }

        var existing = await session.SingleAsync<long>(
            "update package_versions set updated_at = @now where package_id = @packageId and name = @name and deleted_at is null "
                + "returning id",
            new { packageId, name, now });
        return (existing, false);
    }

    /// <summary>Records a deprecation that is already written in the row of the package's type.</summary>
    /// <param name="reason">Null: the version is no longer deprecated.</param>
    public Task RecordDeprecationAsync(long packageId, VersionRow version, string? reason) => RecordAsync(
        packageId, new(PackageEventKind.VersionDeprecated) { VersionId = version.Id, Version = version.Name, New = reason });

    /// <summary>
    /// Records that the version consists of these blobs, which its package has. They stay as long as the version can come back.
    /// </summary>
    public async Task LinkVersionBlobsAsync(long packageId, long versionId, IEnumerable<long> blobs)
    {
        foreach (var part in blobs.Chunk(500))
        {
            await session.ExecuteAsync(
                """
                insert into version_blobs (version_id, blob_id)
                select @versionId, blob_id from blob_links where package_id = @packageId and blob_id in @blobs
                on conflict (version_id, blob_id) do nothing
                """,
                new { versionId, packageId, blobs = part });
        }
    }

    /// <summary>Links a blob to the sparse manifests of the package that were pushed before it, so that they hold it.</summary>
    public Task LinkLateBlobAsync(long packageId, Digest digest, long blobId) => session.ExecuteAsync(
        """
        insert into version_blobs (version_id, blob_id)
        select c.version_id, @blobId from manifest_children c cross join package_versions v
        where c.digest = @digest and v.id = c.version_id and v.package_id = @packageId
        on conflict (version_id, blob_id) do nothing
        """,
        new { packageId, digest = digest.Value, blobId });

    /// <exception cref="ApiException">403: a rule refuses it. The same holds for all methods below that remove a tag or bring one
    /// back.</exception>
    public async Task TagAsync(long packageId, string tag, long versionId)
    {
        await _guard.DemandAsync(packageId, tag, versionId);

        // Insert the event first, while the row still says where the tag was.
        var moved = await HappenAsync(
            $"""
            {InsertEvent}
            select {OfPackage}, v.id, v.name, @tag, null, old.name, v.name
            from package_versions v join packages p on p.id = v.package_id join accounts a on a.id = p.owner_id
            left join tags t on t.package_id = p.id and t.name = @tag left join package_versions old on old.id = t.version_id
            where v.id = @versionId and (old.id is null or old.id <> v.id)
            """,
            new { tag, versionId }, PackageEventKind.TagMoved);
        if (moved > 0)
        {
            await LosesTagAsync(packageId, tag);
        }

        await session.ExecuteAsync(
            """
            insert into tags (package_id, name, version_id, created_at, updated_at) values (@packageId, @tag, @versionId, @now, @now)
            on conflict (package_id, name) do update set version_id = @versionId, updated_at = @now
            """,
            new { packageId, tag, versionId, now });
    }

    /// <summary>False when there was no such tag.</summary>
    public async Task<bool> UntagAsync(long packageId, string tag)
    {
        var old = await session.FirstOrDefaultAsync<VersionRow>(
            "select v.id, v.name from tags t join package_versions v on v.id = t.version_id where t.package_id = @packageId and t.name = "
                + "@tag",
            new { packageId, tag });
        if (old is null)
        {
            return false;
        }

        await _guard.DemandGoneAsync(packageId, tag);
        await LosesTagAsync(packageId, tag);
        if (await session.ExecuteAsync("delete from tags where package_id = @packageId and name = @tag", new { packageId, tag }) == 0)
        {
            return false;
        }

        await RecordAsync(
            packageId, new(PackageEventKind.TagDeleted) { VersionId = old.Id, Version = old.Name, Tag = tag, Old = old.Name });
        return true;
    }

    /// <summary>Renews the version's stamp when it loses a tag, since its age without tags begins then.</summary>
    private Task LosesTagAsync(long packageId, string tag) => session.ExecuteAsync(
        "update package_versions set updated_at = @now where id in (select version_id from tags where package_id = @packageId and name = "
            + "@tag)",
        new { packageId, tag, now });

    /// <summary>
    /// Deletes the version softly. It is unreadable at once, its tags are remembered, and blobs that no other live version uses are hidden.
    /// </summary>
    public async Task DeleteVersionAsync(long packageId, VersionRow version)
    {
        await _guard.DemandGoneAsync(packageId, version);
        await TouchAsync(packageId);
        var deleted = await session.ExecuteAsync(
            "update package_versions set deleted_at = @now, updated_at = @now where id = @id and deleted_at is null",
            new { id = version.Id, now });
        if (deleted == 0)
        {
            return;
        }

        await RecordAsync(packageId, new(PackageEventKind.VersionDeleted) { VersionId = version.Id, Version = version.Name });
        await RecordTagsAsync(version.Id, PackageEventKind.TagDeleted, "tags", "v.name, null");
        await session.ExecuteAsync(
            "insert into deleted_tags (version_id, name) select version_id, name from tags where version_id = @id on conflict "
                + "(version_id, name) do nothing",
            new { id = version.Id });
        await session.ExecuteAsync("delete from tags where version_id = @id", new { id = version.Id });
        await BlobLinkTable.HideUnusedAsync(session, packageId, version.Id);
    }

    /// <summary>Deletes a version for good, also one that was deleted softly before.</summary>
    public async Task PurgeVersionAsync(long packageId, VersionRow version)
    {
        await _guard.DemandGoneAsync(packageId, version);
        await TouchAsync(packageId);
        await RecordAsync(packageId, new(PackageEventKind.VersionPurged) { VersionId = version.Id, Version = version.Name });
        await RecordTagsAsync(version.Id, PackageEventKind.TagDeleted, "tags", "v.name, null");
        await BlobLinkTable.HideUnusedAsync(session, packageId, version.Id);
        await session.ExecuteAsync("delete from package_versions where id = @id", new { id = version.Id });
    }

    /// <summary>Restores the version with its tags, except those that are on another version by now.</summary>
    public async Task RestoreVersionAsync(long packageId, VersionRow version)
    {
        await _guard.DemandBackAsync(packageId, version);
        await TouchAsync(packageId);
        await session.ExecuteAsync(
            "update package_versions set deleted_at = null, updated_at = @now where id = @id", new { id = version.Id, now });
        await RecordAsync(packageId, new(PackageEventKind.VersionRestored) { VersionId = version.Id, Version = version.Name });
        await RecordTagsAsync(
            version.Id, PackageEventKind.TagMoved, "deleted_tags", "null, v.name",
            "and not exists (select 1 from tags o where o.package_id = p.id and o.name = t.name)");
        await session.ExecuteAsync(
            """
            insert into tags (package_id, name, version_id, created_at, updated_at)
            select @packageId, name, version_id, @now, @now from deleted_tags where version_id = @id
            on conflict (package_id, name) do nothing
            """,
            new { packageId, id = version.Id, now });
        await session.ExecuteAsync("delete from deleted_tags where version_id = @id", new { id = version.Id });
    }

    /// <summary>Records one event for each tag of a version.</summary>
    private Task RecordTagsAsync(
        long versionId, PackageEventKind kind, string tags, string oldAndNew, string condition = "") => HappenAsync(
        $"""
        {InsertEvent}
        select {OfPackage}, v.id, v.name, t.name, null, {oldAndNew}
        from {tags} t join package_versions v on v.id = t.version_id join packages p on p.id = v.package_id
          join accounts a on a.id = p.owner_id
        where t.version_id = @versionId {condition}
        """,
        new { versionId }, kind);
}
