using Berth.Server.Database;
using Berth.Server.Storage;
using Microsoft.Extensions.Primitives;

namespace Berth.Server.Npm.Documents;

/// <summary>The file of a live version, with the headers of its answers, which are built once.</summary>
internal sealed class Tarball(TarballRow row)
{
    public long VersionId { get; } = row.VersionId;

    public long Size { get; } = row.Size;

    public StorageKey Key { get; } = StorageKey.Parse(row.StorageKey);

    public StringValues ETag { get; } = $"\"{row.Integrity}\"";
}

/// <summary>Finds tarballs for requests. Answers are cached until the next write.</summary>
internal sealed class Tarballs(Db db)
{
    private readonly GenerationCache<(long Package, string Version), Tarball> _tarballs = new(capacity: 100_000);

    public ValueTask<Tarball?> FindAsync(Generation at, long packageId, string version, CancellationToken cancellationToken) =>
        _tarballs.GetAsync(
            at, (packageId, version),
            async (key, token) => await db.ReadAsync(session => NpmVersionTable.TarballAsync(session, key.Package, key.Version), token)
                is { } row ? new Tarball(row) : null,
            cancellationToken);
}
