using System.Globalization;
using System.IO.Compression;
using Berth.Server.Access;
using Berth.Server.Background;
using Berth.Server.Database;
using Microsoft.Extensions.Primitives;

namespace Berth.Server.Npm.Documents;

/// <summary>A packument as it is sent, with the headers of its answers, which are built once.</summary>
/// <param name="Content">Compressed with gzip.</param>
internal sealed record Packument(byte[] Content, StringValues ETag);

/// <summary>
/// Provides packuments for requests. They are made and stored when something is published. If one is older than its package, or has other
/// addresses than the server has now, the first request makes it again.
/// </summary>
internal sealed class Packuments(Db db, NpmUrls urls)
{
    private readonly GenerationCache<long, Revised> _revisions = new(capacity: 100_000);
    private readonly SizedCache<(long Package, long Revision, bool Whole), Packument> _contents =
        new(mostBytes: 32 << 20, largest: 4 << 20);
    private readonly LatestWork<long, Made?> _making = new();

    /// <summary>The value of npm's <c>_rev</c>. It is opaque, and changes with every change.</summary>
    public static string Revision(long revision) => string.Create(CultureInfo.InvariantCulture, $"{revision}-berth");

    /// <summary>Null when the package has no version any more.</summary>
    public async ValueTask<Packument?> FindAsync(
        Generation at, PackageAddress address, long packageId, bool whole, CancellationToken cancellationToken)
    {
        var revision = (await _revisions.GetAsync(
            at, packageId,
            async (id, token) => new Revised(await db.ReadAsync(session => DocumentTable.RevisionAsync(session, id), token)),
            cancellationToken))!.Revision;
        return _contents.TryGet((packageId, revision, whole), out var packument)
            ? packument
            : await ReadAsync(address, packageId, revision, whole, cancellationToken);
    }

    /// <summary>Makes and stores the documents for the present state of the package.</summary>
    public Task PrepareAsync(PackageAddress address, long packageId) => MakeInTurnAsync(address, packageId);

    private async Task<Packument?> ReadAsync(
        PackageAddress address, long packageId, long revision, bool whole, CancellationToken cancellationToken)
    {
        var stored = await db.ReadLargeAsync(
            session => DocumentTable.FindAsync(session, packageId, revision, urls.Base, whole), cancellationToken);
        if (stored is null)
        {
            var made = await MakeInTurnAsync(address, packageId);
            if (made is null)
            {
                return null;
            }

            (stored, revision) = (whole ? made.Whole : made.Abbreviated, made.Revision);
        }

        var packument = new Packument(stored, $"W/\"{Revision(revision)}-{(whole ? "whole" : "abbreviated")}\"");
        _contents.Add((packageId, revision, whole), packument, stored.Length);
        return packument;
    }

    /// <summary>
    /// A hundred simultaneous publishes ask for the document, and so do a thousand installations after a publish. Only few of them make it.
    /// </summary>
    private Task<Made?> MakeInTurnAsync(PackageAddress address, long packageId) =>
        _making.RunAsync(packageId, () => MakeAsync(address, packageId));

    private async Task<Made?> MakeAsync(PackageAddress address, long packageId)
    {
        if (await db.ReadAsync(session => ContentsAsync(session, address, packageId), CancellationToken.None) is not { } contents)
        {
            return null;
        }

        var made = Zip(contents);
        await db.WriteAsync(
            session => DocumentTable.StoreAsync(session, packageId, made.Revision, urls.Base, made.Abbreviated, made.Whole),
            CancellationToken.None);
        return made;
    }

    /// <summary>Null when there is no version.</summary>
    public static async Task<PackageContents?> ContentsAsync(DbSession session, PackageAddress address, long packageId)
    {
        // Read the revision first. A change in between then makes the document newer than it says, never older.
        var revision = await DocumentTable.RevisionAsync(session, packageId);
        var versions = await NpmVersionTable.LiveAsync(session, packageId);
        if (versions.Count == 0 || await Packages.PackageTable.FindAsync(session, packageId) is not { } package)
        {
            return null;
        }

        var tags = await DistTags.ReadAsync(session, packageId, versions.Select(version => version.Version));
        var latest = tags.TryGetValue(DistTags.Latest, out var name) ? versions.Find(version => version.Version == name) : null;
        return new PackageContents
        {
            Address = address,
            Owner = package.OwnerLogin,
            Revision = revision,
            CreatedAt = package.CreatedAt,
            ModifiedAt = package.UpdatedAt,
            Versions = versions,
            Tags = tags,
            Readme = latest is null ? null : await NpmVersionTable.ReadmeAsync(session, latest.Id),
        };
    }

    private Made Zip(PackageContents contents)
    {
        using var abbreviated = new MemoryStream();
        using var whole = new MemoryStream();
        using (var brief = new GZipStream(abbreviated, CompressionLevel.Fastest, leaveOpen: true))
        using (var full = new GZipStream(whole, CompressionLevel.Fastest, leaveOpen: true))
        {
            PackumentWriter.Write(brief, full, contents, urls);
        }

        return new Made(contents.Revision, abbreviated.ToArray(), whole.ToArray());
    }

    private sealed record Revised(long Revision);

    private sealed record Made(long Revision, byte[] Abbreviated, byte[] Whole);
}
