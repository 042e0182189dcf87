using Berth.Server.Database;

namespace Berth.Server.Packages.References;

/// <summary>Reads which versions of a package hold which. Nothing else reads this.</summary>
internal static class ReferenceTable
{
    /// <summary>Reads all live versions of a package, in one snapshot if the session is a transaction.</summary>
    public static async Task<VersionGraph> GraphAsync(DbSession session, long packageId)
    {
        var versions = await session.QueryAsync<NodeRow>(
            """
            select v.id, v.name, v.created_at, v.updated_at, (p.type = 'npm') as is_numbered, m.subject, c.last_pulled_at
            from package_versions v join packages p on p.id = v.package_id
            left join manifests m on m.version_id = v.id left join version_pulls c on c.version_id = v.id
            where v.package_id = @packageId and v.deleted_at is null order by v.id
            """,
            new { packageId });
        var tags = (await TagTable.OfPackageAsync(session, packageId)).ToLookup(tag => tag.VersionId);
        var lists = (await session.QueryAsync<ChildRow>(
            """
            select c.version_id, c.digest from manifest_children c join package_versions v on v.id = c.version_id
            where v.package_id = @packageId and v.deleted_at is null
            """,
            new { packageId })).ToLookup(child => child.VersionId, child => child.Digest);
        return new VersionGraph([
            .. versions.Select(version => new VersionNode
            {
                Id = version.Id,
                Name = version.Name,
                IsNumbered = version.IsNumbered,
                PublishedAt = version.CreatedAt,
                Tags = [.. tags[version.Id].Select(tag => tag.Tag)],
                Lists = [.. lists[version.Id]],
                Subject = version.Subject,
                LastPulledAt = version.LastPulledAt,
                LastSetAt = tags[version.Id].Select(tag => tag.UpdatedAt).Append(version.UpdatedAt).Max(),
            }),
        ]);
    }

    private sealed record NodeRow
    {
        public long Id { get; init; }

        public string Name { get; init; } = "";

        public DateTimeOffset CreatedAt { get; init; }

        public DateTimeOffset UpdatedAt { get; init; }

        public bool IsNumbered { get; init; }

        public string? Subject { get; init; }

        public DateTimeOffset? LastPulledAt { get; init; }
    }

    private sealed record ChildRow
    {
        public long VersionId { get; init; }

        public string Digest { get; init; } = "";
    }
}
