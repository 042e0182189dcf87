using Berth.Server.Api;
using Berth.Server.Database;
using Berth.Server.Oci;
using Berth.Server.Packages.Content;

namespace Berth.Server.Packages.Versions;

/// <summary>Reads versions. <see cref="Changes.PackageChanges"/> writes them.</summary>
internal static class VersionTable
{
    private const string Columns = "v.id, v.name, v.created_at, v.updated_at, v.deleted_at, v.run, v.ref, v.commit_id";

    private const string ColumnsWithPulls = $"""
        {Columns}, (select c.pulls from version_pulls c where c.version_id = v.id) as pulls,
        (select c.last_pulled_at from version_pulls c where c.version_id = v.id) as last_pulled_at
        """;

    public static Task<VersionRow?> FindAsync(DbSession session, long packageId, long id) => session.FirstOrDefaultAsync<VersionRow>(
        $"select {ColumnsWithPulls} from package_versions v where v.package_id = @packageId and v.id = @id", new { packageId, id });

    /// <summary>The live version of a name.</summary>
    public static Task<VersionRow?> FindLiveAsync(DbSession session, long packageId, string name) =>
        session.FirstOrDefaultAsync<VersionRow>(
            $"select {Columns} from package_versions v where v.package_id = @packageId and v.name = @name and v.deleted_at is null",
            new { packageId, name });

    /// <summary>The versions, the newest first.</summary>
    public static async Task<Page<VersionRow>> ListAsync(
        DbSession session, long packageId, bool deleted, DateTimeOffset since, Paging paging)
    {
        var condition = deleted ? "v.deleted_at >= @since" : "v.deleted_at is null";
        var parameters = new { packageId, since, size = paging.Size, offset = paging.Offset };
        var total = await session.SingleAsync<long>(
            $"select count(*) from package_versions v where v.package_id = @packageId and {condition}", parameters);
        var rows = await session.QueryAsync<VersionRow>(
            $"""
            select {ColumnsWithPulls} from package_versions v where v.package_id = @packageId and {condition}
            order by v.id desc limit @size offset @offset
            """,
            parameters);
        return new Page<VersionRow>(rows, total);
    }

    public static Task<long> CountAsync(DbSession session, long packageId) => session.SingleAsync<long>(
        "select count(*) from package_versions where package_id = @packageId and deleted_at is null", new { packageId });

    public static async Task<bool> IsLiveAsync(DbSession session, long packageId, string name) => await session.SingleAsync<long>(
        "select count(*) from package_versions where package_id = @packageId and name = @name and deleted_at is null",
        new { packageId, name }) > 0;

    /// <summary>The live indexes of the package that list this version.</summary>
    public static Task<List<VersionRow>> ParentsAsync(DbSession session, long packageId, string name) => session.QueryAsync<VersionRow>(
        $"""
         select {Columns} from manifest_children c cross join package_versions v
         where c.digest = @name and v.id = c.version_id and v.package_id = @packageId and v.deleted_at is null order by v.id
         """,
        new { packageId, name });

    /// <summary>
    /// What the version lists and what refers to it, also by a tag such as <c>sha256-HEX.sig</c>, if it is deleted and still kept. The last
    /// deleted come first.
    /// </summary>
    public static Task<List<VersionRow>> DeletedNeighboursAsync(
        DbSession session, long packageId, VersionRow version, DateTimeOffset since) =>
        session.QueryAsync<VersionRow>(
            $"""
             select {Columns} from package_versions v left join manifests m on m.version_id = v.id
             where v.package_id = @packageId and v.deleted_at >= @since
               and (m.subject = @name or v.name in (select digest from manifest_children where version_id = @id)
                 or exists (select 1 from deleted_tags t where t.version_id = v.id
                   and (t.name = @tag or substr(t.name, 1, @length) = @prefix)))
             order by v.deleted_at desc, v.id desc
             """,
            new
            {
                packageId,
                since,
                name = version.Name,
                id = version.Id,
                tag = ReferrersTag.Of(version.Name),
                prefix = ReferrersTag.Of(version.Name) + ".",
                length = ReferrersTag.Of(version.Name).Length + 1,
            });

    /// <summary>Tags of a deleted version that are on live versions by now.</summary>
    public static Task<List<MovedOn>> MovedOnAsync(DbSession session, long packageId, long versionId) => session.QueryAsync<MovedOn>(
        """
        select d.name as tag, v.name as version from deleted_tags d join tags t on t.package_id = @packageId and t.name = d.name
        join package_versions v on v.id = t.version_id where d.version_id = @versionId order by d.name
        """,
        new { packageId, versionId });
}

/// <summary>A tag and the version that it is on now.</summary>
internal sealed record MovedOn
{
    public string Tag { get; init; } = "";

    public string Version { get; init; } = "";
}
