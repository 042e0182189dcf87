using Berth.Server.Database;

namespace Berth.Server.Packages.References;

/// <summary>A live version of any package that was built upon a version of this one.</summary>
internal sealed record BuiltRow
{
    public long PackageId { get; init; }

    public long Id { get; init; }

    public string Name { get; init; } = "";

    /// <summary>The digest of the image that it was built upon.</summary>
    public string Base { get; init; } = "";
}

/// <summary>
/// Reads which images were built upon an image of a package, according to the annotations of their manifests. podman and buildah write
/// those. Labels in configurations are ignored, since reading them would cost every push a read of the store.
/// </summary>
internal static class BuiltTable
{
    /// <param name="image">The package as clients name it, without tag and digest.</param>
    public static Task<List<BuiltRow>> UponPackageAsync(DbSession session, long packageId, string image) => session.QueryAsync<BuiltRow>(
        """
        select v.package_id, v.id, v.name, m.digest as base from package_versions b
        join manifest_bases m on m.digest = b.name and (m.repository is null or m.repository = @image)
        join package_versions v on v.id = m.version_id and v.deleted_at is null
        join packages p on p.id = v.package_id and p.state = 'live'
        where b.package_id = @packageId and b.deleted_at is null order by v.id
        """,
        new { packageId, image });
}
