using Berth.Server.Database;

namespace Berth.Server.GarbageCollection;

/// <summary>
/// The collector's SQL. Each statement says in itself why its rows may go, and takes a few at a time, so that no push waits long; what
/// a push has renewed meanwhile no longer matches. Foreign keys have the last word: a blob that is linked cannot go.
/// </summary>
internal static class CollectorTable
{
    /// <summary>Manifests deleted longer ago than they are kept.</summary>
    public static Task<int> DeleteManifestsAsync(DbSession session, DateTimeOffset before, int most) => session.ExecuteAsync(
        """
        delete from package_versions where id in (select id from package_versions where deleted_at is not null and deleted_at < @before order by id limit @most)
        """,
        new { before, most });

    /// <summary>Versions of packages deleted longer ago than they are kept; the package itself goes when it is empty.</summary>
    public static Task<int> DeleteManifestsOfDeletedPackagesAsync(DbSession session, DateTimeOffset before, int most) => session.ExecuteAsync(
        """
        delete from package_versions where id in (
            select v.id from package_versions v join packages p on p.id = v.package_id
            where p.state = 'deleted' and p.deleted_at < @before order by v.id limit @most)
        """,
        new { before, most });

    public static Task<int> DeleteDeletedPackagesAsync(DbSession session, DateTimeOffset before, int most) => session.ExecuteAsync(
        """
        delete from packages where id in (
            select p.id from packages p where p.state = 'deleted' and p.deleted_at < @before
              and not exists (select 1 from package_versions v where v.package_id = p.id)
            order by p.id limit @most)
        """,
        new { before, most });
}
