using Berth.Server.Access;
using Berth.Server.Database;
using Berth.Server.Http;
using Berth.Server.Oci;
using Berth.Server.Packages;
using Berth.Server.Packages.Changes;
using Berth.Server.Packages.Content;
using Berth.Server.Registry.Authorization;
using Berth.Server.Storage;

namespace Berth.Server.Registry.Manifests;

/// <summary>
/// Publishes a version. It checks that everything that the version refers to exists, then creates package, version and tags in one
/// transaction.
/// </summary>
internal sealed class PushManifest(
    Db db, FirstPublish firstPublish, IBlobStore store, RegistryOptions options, RetentionOptions retention, TimeProvider time)
{
    private const long LargestConfig = 1 << 20;
    private readonly TimeSpan _grace = TimeSpan.FromHours(retention.BlobGraceHours);

    /// <exception cref="ApiException">400: something it refers to is missing. 403: the right to publish was lost.</exception>
    public async Task RunAsync(
        RegistryAccess access, Digest digest, Manifest manifest, byte[] content, IReadOnlyList<string> tags,
        CancellationToken cancellationToken)
    {
        var sources = await SourcesAsync(access, manifest, cancellationToken);
        var now = time.GetUtcNow();
        await db.WriteAsync(
            async session =>
            {
                var changes = new PackageChanges(session, access.Actor, now);
                var packageId = await firstPublish.EnsureAsync(session, changes, access.Principal, access.Name.Address, sources, now);
                var blobs = await ReviveBlobsAsync(session, packageId, manifest, now);
                await RequireChildrenAsync(session, packageId, manifest);
                var (id, made) = await changes.PublishAsync(packageId, digest.Value);
                if (made)
                {
                    var absent = manifest.Blobs.Keys.Where(blob => !blobs.ContainsKey(blob.Value));
                    await ManifestTable.InsertAsync(session, id, manifest, content, manifest.Children.Keys.Concat(absent));
                    await changes.LinkVersionBlobsAsync(packageId, id, blobs.Values.Select(blob => blob.Id));
                }

                foreach (var tag in tags)
                {
                    await changes.TagAsync(packageId, tag, id);
                }
            },
            cancellationToken);
    }

    /// <summary>
    /// distribution-spec, "Pushing manifests": a registry may accept a sparse manifest, whose content is not all there. A setting decides
    /// this here.
    /// </summary>
    private async Task<Dictionary<string, HeldContent>> ReviveBlobsAsync(
        DbSession session, long packageId, Manifest manifest, DateTimeOffset now)
    {
        if (manifest.Blobs.Count == 0)
        {
            return [];
        }

        var held = await BlobLinkTable.ReviveAsync(session, packageId, manifest.Blobs.Keys, now, now - _grace);
        if (held.Count < manifest.Blobs.Count && !options.SparseManifests)
        {
            throw Missing("blob", manifest.Blobs.Keys.Where(blob => !held.ContainsKey(blob.Value)));
        }

        RequireSizes(manifest.Blobs, held);
        return held;
    }

    private async Task RequireChildrenAsync(DbSession session, long packageId, Manifest manifest)
    {
        if (manifest.Children.Count == 0)
        {
            return;
        }

        var known = await ManifestTable.KnownAsync(session, packageId, manifest.Children.Keys);
        if (known.Count < manifest.Children.Count && !options.SparseManifests)
        {
            throw Missing("manifest", manifest.Children.Keys.Where(child => !known.ContainsKey(child.Value)));
        }

        RequireSizes(manifest.Children, known);
    }

    /// <summary>
    /// image-spec descriptor.md: content whose length differs from its descriptor "should not be trusted". BuildKit and containerd refuse
    /// to pull such an image, so the push must report it. Content that is not here (foreign layers, what a sparse manifest lacks) is not
    /// compared.
    /// </summary>
    private static void RequireSizes(IReadOnlyDictionary<Digest, long> stated, Dictionary<string, HeldContent> held)
    {
        foreach (var (digest, size) in stated)
        {
            if (held.TryGetValue(digest.Value, out var content) && content.Size != size)
            {
                throw new ApiException(
                    RegistryErrors.ManifestInvalid.With($"{digest} has {content.Size} bytes here, its descriptor says {size}"));
            }
        }
    }

    private static ApiException Missing(string what, IEnumerable<Digest> digests)
    {
        var all = digests.Select(digest => digest.Value).ToList();
        var more = all.Count > 5 ? $" and {all.Count - 5} more" : "";
        return new ApiException(RegistryErrors.ManifestBlobUnknown.With($"{what} {string.Join(", ", all.Take(5))}{more}"));
    }

    /// <summary>The sources that the image names: the manifest's annotation, then the configuration's label.</summary>
    private async Task<IReadOnlyList<string>> SourcesAsync(RegistryAccess access, Manifest manifest, CancellationToken cancellationToken)
    {
        List<string> sources = [];
        if (!string.IsNullOrWhiteSpace(manifest.Source))
        {
            sources.Add(manifest.Source);
        }

        // A package that has a link keeps it, so the configuration need not be read.
        if (access.Facts.Linked is null
            && manifest.ImageConfig is { } config
            && await LabelAsync(access, config, cancellationToken) is { } label)
        {
            sources.Add(label);
        }

        return sources;
    }

    private async Task<string?> LabelAsync(RegistryAccess access, Digest config, CancellationToken cancellationToken)
    {
        var row = await db.ReadAsync(
            async session => await PendingPackages.FindAsync(session, access.Principal, access.Facts) is { } id
                ? await BlobTable.FindAsync(session, id, config)
                : null,
            cancellationToken);
        if (row is null or { Size: 0 or > LargestConfig })
        {
            return null;
        }

        await using var content = await store.OpenAsync(row.Key, cancellationToken);
        if (content is null)
        {
            return null;
        }

        using var buffer = new MemoryStream((int)row.Size);
        await content.CopyToAsync(buffer, cancellationToken);
        return ImageConfiguration.Read(buffer.GetBuffer().AsMemory(0, (int)buffer.Length))?.Source;
    }
}
