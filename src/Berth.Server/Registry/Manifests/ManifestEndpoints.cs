using Berth.Server.Database;
using Berth.Server.Http;
using Berth.Server.Metrics;
using Berth.Server.Oci;
using Berth.Server.Packages.Changes;
using Berth.Server.Packages.Pulls;
using Berth.Server.Packages.Versions;
using Berth.Server.Registry.Authorization;
using Microsoft.Net.Http.Headers;

namespace Berth.Server.Registry.Manifests;

/// <summary>
/// Manifests, by tag and by digest. They are stored and served byte for byte, and never converted to what a client accepts.
/// </summary>
internal static class ManifestEndpoints
{
    private const int MostTags = 100;

    public static void MapManifests(this IEndpointRouteBuilder registry)
    {
        registry.MapMethods("{name}/manifests/{reference}", ["GET", "HEAD"], GetAsync).Requires(RegistryActions.Pull);
        registry.MapPut("{name}/manifests/{reference}", PutAsync).Requires(RegistryActions.Push)
            .WithMetadata(new BodyLimit(Largest(registry.ServiceProvider.GetRequiredService<RegistryOptions>())));
        registry.MapDelete("{name}/manifests/{reference}", DeleteAsync).Requires(RegistryActions.Delete);
    }

    /// <summary>distribution-spec, "Pulling manifests".</summary>
    private static async Task GetAsync(
        HttpContext http, RegistryAccess access, string reference, ManifestReads manifests, PullCounts pulls, PullLog log,
        BerthMetrics metrics, CancellationToken cancellationToken)
    {
        ServedManifest? manifest = null;
        if (access.PackageId is not { } packageId || !manifests.TryGet(access.At, packageId, reference, out manifest))
        {
            if (!Reference.TryParse(reference, out var parsed))
            {
                await ErrorWriter.WriteAsync(http, RegistryErrors.NotReference(reference));
                return;
            }

            manifest = access.PackageId is { } id ? await manifests.FindAsync(access.At, id, reference, parsed, cancellationToken) : null;
        }

        if (manifest is null)
        {
            await ErrorWriter.WriteAsync(http, RegistryErrors.ManifestUnknown.With(reference));
            return;
        }

        var headers = http.Response.Headers;
        headers["Docker-Content-Digest"] = manifest.DigestHeader;
        headers.ETag = manifest.ETag;
        if (EntityTags.NoneMatch(http.Request.Headers.IfNoneMatch, manifest.ETag))
        {
            pulls.Checked(manifest.Id);
            http.Response.StatusCode = StatusCodes.Status304NotModified;
            return;
        }

        headers.ContentType = manifest.MediaType;
        headers.ContentLength = manifest.Size;
        if (HttpMethods.IsHead(http.Request.Method))
        {
            pulls.Checked(manifest.Id);
            return;
        }

        if (await manifests.ContentAsync(manifest, from: 0, cancellationToken) is not { } content)
        {
            // The manifest was purged between the two reads.
            http.Response.Clear();
            await ErrorWriter.WriteAsync(http, RegistryErrors.ManifestUnknown.With(reference));
            return;
        }

        metrics.ManifestPulled();
        pulls.Pulled(manifest.Id);
        log.Pulled(access.Actor, access.Facts, manifest.DigestHeader.ToString(), reference);
        await http.Response.BodyWriter.WriteAsync(content, cancellationToken);
        if (content.Length < manifest.Size)
        {
            await WriteRestAsync(http, manifests, manifest, content.Length, cancellationToken);
        }
    }

    /// <summary>Reads the next piece when the client has taken most of the last one.</summary>
    private static async Task WriteRestAsync(
        HttpContext http, ManifestReads manifests, ServedManifest manifest, long written, CancellationToken cancellationToken)
    {
        while (written < manifest.Size)
        {
            if (await manifests.ContentAsync(manifest, written, cancellationToken) is not { } piece)
            {
                // The manifest was purged meanwhile. Abort, so that the client does not take this for the whole content.
                http.Abort();
                return;
            }

            await http.Response.BodyWriter.WriteAsync(piece, cancellationToken);
            written += piece.Length;
        }
    }

    /// <summary>distribution-spec, "Pushing manifests", and its draft "Pushing manifests by digest with tags".</summary>
    private static async Task<IResult> PutAsync(
        HttpContext http, RegistryAccess access, string reference, PushManifest push, RegistryOptions options, BerthMetrics metrics,
        CancellationToken cancellationToken)
    {
        if (!Reference.TryParse(reference, out var parsed))
        {
            return RegistryErrors.NotReference(reference);
        }

        var more = http.Request.Query["tag"];
        if (more.Count > MostTags)
        {
            return RegistryErrors.TagInvalid.Saying($"at most {MostTags} tags may be given") with { Status = 414 };
        }

        if (more.Any(tag => !Tag.TryParse(tag, out _)))
        {
            return RegistryErrors.TagInvalid.With(Tag.Rule);
        }

        var limit = Largest(options);
        using var body = await ReceivedBody.ReadAsync(
            http.Request, limit, RegistryErrors.TooLarge.With($"a manifest has at most {limit} bytes"), cancellationToken);
        var content = body.Content;
        var digest = Digest.OfContent(parsed.Digest?.Algorithm ?? Digest.Sha256, content);
        if (parsed.Digest is not null && parsed.Digest != digest)
        {
            return RegistryErrors.DigestInvalid.Saying("the content does not have the given digest")
                .With($"expected {parsed.Digest}, the content is {digest}");
        }

        var contentType = MediaTypeHeaderValue.TryParse(http.Request.ContentType, out var header)
            ? header.MediaType.ToString().ToLowerInvariant()
            : http.Request.ContentType;
        if (!ManifestReader.TryRead(content, contentType, out var manifest, out var wrong))
        {
            return RegistryErrors.ManifestInvalid.With(wrong);
        }

        List<string> tags = [.. more.Select(tag => tag!).Distinct(StringComparer.Ordinal)];
        await push.RunAsync(
            access, digest, manifest, content, parsed.Tag is { Value: var own } ? [own, .. tags.Where(tag => tag != own)] : tags,
            cancellationToken);
        metrics.ManifestPushed();

        var headers = http.Response.Headers;
        headers.Location = $"/v2/{access.Name.Value}/manifests/{digest.Value}";
        headers["Docker-Content-Digest"] = digest.Value;
        if (manifest.Subject is { } subject)
        {
            headers["OCI-Subject"] = subject.Value;
        }

        if (tags.Count > 0)
        {
            headers["OCI-Tag"] = tags.ToArray();
        }

        return Results.StatusCode(StatusCodes.Status201Created);
    }

    /// <summary>
    /// distribution-spec, "Deleting tags" and "Deleting manifests". A manifest that a live index lists stays, as in the REST API, because
    /// every pull of that platform would fail. The specification's status for this is 405.
    /// </summary>
    private static async Task<IResult> DeleteAsync(
        RegistryAccess access, string reference, Db db, DeleteVersion delete, TimeProvider time, CancellationToken cancellationToken)
    {
        if (!Reference.TryParse(reference, out var parsed))
        {
            return RegistryErrors.NotReference(reference);
        }

        if (access.PackageId is not { } packageId)
        {
            return RegistryErrors.ManifestUnknown.With(reference);
        }

        if (parsed.Tag is { Value: var tag })
        {
            var untagged = await db.WriteAsync(
                session => new PackageChanges(session, access.Actor, time.GetUtcNow()).UntagAsync(packageId, tag),
                cancellationToken);
            return untagged ? Results.StatusCode(StatusCodes.Status202Accepted) : RegistryErrors.ManifestUnknown.With(reference);
        }

        var deletion = await delete.RunAsync(
            access.Actor, packageId, session => VersionTable.FindLiveAsync(session, packageId, parsed.Digest!.Value),
            new VersionDeletion(), cancellationToken);
        return deletion.Stays switch
        {
            null => Results.StatusCode(StatusCodes.Status202Accepted),
            { Reason: VersionStaysReason.PartOfIndex } stays => RegistryErrors.Unsupported
                .Saying($"the manifest is part of {stays.What} of this repository, which would break; delete that first")
                .With(reference),
            _ => RegistryErrors.ManifestUnknown.With(reference),
        };
    }

    private static long Largest(RegistryOptions options) => (long)(options.MaxManifestMiB * (1 << 20));
}
