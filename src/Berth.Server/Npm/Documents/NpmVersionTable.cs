using Berth.Server.Access;
using Berth.Server.Database;

namespace Berth.Server.Npm.Documents;

/// <summary>A live version of an npm package, with what its packument says about it.</summary>
internal sealed record NpmVersionRow
{
    public long Id { get; init; }

    public string Version { get; init; } = "";

    public DateTimeOffset CreatedAt { get; init; }

    public string Shasum { get; init; } = "";

    public string Integrity { get; init; } = "";

    public long UnpackedSize { get; init; }

    public long FileCount { get; init; }

    public string? Publisher { get; init; }

    public string? Deprecated { get; init; }

    public bool HasBundles { get; init; }

    /// <summary>JSON.</summary>
    public string Manifest { get; init; } = "";
}

/// <summary>A version that is about to be stored.</summary>
internal sealed record NewNpmVersion
{
    public required string Version { get; init; }

    public required string Shasum { get; init; }

    public required string Integrity { get; init; }

    public required long Size { get; init; }

    public required long UnpackedSize { get; init; }

    public required long FileCount { get; init; }

    public string? Publisher { get; init; }

    public required string Manifest { get; init; }

    public string? Deprecated { get; init; }

    public string? Readme { get; init; }

    public string? Bundles { get; init; }

    /// <summary>The words that a search looks at besides the name, in lower case.</summary>
    public string Words { get; init; } = "";

    public IReadOnlyDictionary<string, string> Dependencies { get; init; } = new Dictionary<string, string>(StringComparer.Ordinal);
}

/// <summary>The file of a version.</summary>
internal sealed record TarballRow
{
    public long VersionId { get; init; }

    public string StorageKey { get; init; } = "";

    public long Size { get; init; }

    public string Integrity { get; init; } = "";
}

/// <summary>The rows of an npm version beyond its name.</summary>
internal static class NpmVersionTable
{
    public static async Task InsertAsync(DbSession session, long versionId, long blobId, NewNpmVersion version)
    {
        await session.ExecuteAsync(
            """
            insert into npm_versions (version_id, blob_id, shasum, integrity, size, unpacked_size, file_count, publisher, deprecated,
              manifest, readme, bundles)
            values (@versionId, @blobId, @Shasum, @Integrity, @Size, @UnpackedSize, @FileCount, @Publisher, @Deprecated, @Manifest,
              @Readme, @Bundles)
            """,
            version, new { versionId, blobId });
        if (version.Words.Length > 0)
        {
            await session.ExecuteAsync(
                "insert into npm_words (version_id, words) values (@versionId, @Words)", new { versionId, version.Words });
        }

        foreach (var (name, range) in version.Dependencies)
        {
            await session.ExecuteAsync(
                "insert into npm_dependencies (version_id, name, range) values (@versionId, @name, @range)",
                new { versionId, name, range });
        }
    }

    public static Task<List<NpmVersionRow>> LiveAsync(DbSession session, long packageId) => session.QueryAsync<NpmVersionRow>(
        """
        select v.id, v.name as version, v.created_at, n.shasum, n.integrity, n.unpacked_size, n.file_count, n.publisher, n.deprecated,
               (n.bundles is not null) as has_bundles, n.manifest
        from package_versions v join npm_versions n on n.version_id = v.id
        where v.package_id = @packageId and v.deleted_at is null order by v.id
        """,
        new { packageId });

    /// <summary>Reads only the numbers.</summary>
    public static async Task<Dictionary<string, long>> NumbersAsync(DbSession session, long packageId) =>
        (await session.QueryAsync<NpmVersionRow>(
            "select id, name as version from package_versions where package_id = @packageId and deleted_at is null", new { packageId }))
            .ToDictionary(row => row.Version, row => row.Id, StringComparer.Ordinal);

    public static Task<TarballRow?> TarballAsync(DbSession session, long packageId, string version) =>
        session.FirstOrDefaultAsync<TarballRow>(
            """
            select v.id as version_id, b.storage_key, b.size, n.integrity
            from package_versions v join npm_versions n on n.version_id = v.id join blobs b on b.id = n.blob_id
            where v.package_id = @packageId and v.name = @version and v.deleted_at is null
            """,
            new { packageId, version });

    public static Task<string?> ReadmeAsync(DbSession session, long versionId) => session.FirstOrDefaultAsync<string?>(
        "select readme from npm_versions where version_id = @versionId", new { versionId });

    public static Task<string?> BundlesAsync(DbSession session, long packageId, string version) => session.FirstOrDefaultAsync<string?>(
        """
        select n.bundles from package_versions v join npm_versions n on n.version_id = v.id
        where v.package_id = @packageId and v.name = @version and v.deleted_at is null
        """,
        new { packageId, version });

    /// <summary>Returns false when it was deprecated so already.</summary>
    public static async Task<bool> DeprecateAsync(DbSession session, long versionId, string? why) => await session.ExecuteAsync(
        """
        update npm_versions set deprecated = @why
        where version_id = @versionId and coalesce(deprecated, '') <> coalesce(cast(@why as text), '')
        """,
        new { versionId, why }) > 0;

    /// <summary>The checksum with which the number was first published. Null when it never was.</summary>
    public static Task<string?> NumberAsync(DbSession session, long ownerId, PackageAddress address, string version) =>
        session.FirstOrDefaultAsync<string?>(
            "select integrity from npm_numbers where owner_id = @ownerId and name = @name and version = @version",
            new { ownerId, name = address.Name, version });

    public static Task TakeNumberAsync(DbSession session, long ownerId, PackageAddress address, string version, string integrity) =>
        session.ExecuteAsync(
            """
            insert into npm_numbers (owner_id, name, version, integrity) values (@ownerId, @name, @version, @integrity)
            on conflict (owner_id, name, version) do nothing
            """,
            new { ownerId, name = address.Name, version, integrity });

    /// <summary>Live versions of other packages that depend on the package, with the ids of those packages.</summary>
    public static Task<List<DependantRow>> DependantsAsync(DbSession session, PackageAddress address, long packageId) =>
        session.QueryAsync<DependantRow>(
            """
            select p.id as package_id, v.name as version, d.range from npm_dependencies d
            join package_versions v on v.id = d.version_id join packages p on p.id = v.package_id
            where d.name = @name and v.deleted_at is null and p.state = 'live' and p.id <> @packageId
            order by p.id, v.id
            """,
            new { name = address.ToString().ToLowerInvariant(), packageId });
}

/// <summary>A version that depends on another package.</summary>
internal sealed record DependantRow
{
    public long PackageId { get; init; }

    public string Version { get; init; } = "";

    public string Range { get; init; } = "";
}
