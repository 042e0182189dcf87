using System.IO.Compression;
using System.Text.Json;
using Berth.Server.Access;
using Berth.Server.Database;
using Berth.Server.Http;
using Berth.Server.Metrics;
using Berth.Server.Npm.Authorization;
using Berth.Server.Npm.Owners;
using Berth.Server.Packages.Content;
using Berth.Server.Packages.Pulls;
using Berth.Server.Storage;
using Microsoft.Extensions.Primitives;
using Microsoft.Net.Http.Headers;

namespace Berth.Server.Npm.Documents;

/// <summary>The routes that an installation reads: packuments, single versions, tarballs and their signatures.</summary>
internal static class PackumentEndpoints
{
    private const string InstallType = "application/vnd.npm.install-v1+json";

    // The readers and the document can change at any moment, so clients ask again each time and mostly get a 304.
    private static readonly StringValues Revalidated = "private, no-cache";
    private static readonly StringValues Immutable = "private, max-age=31536000, immutable";

    public static void MapPackuments(this IEndpointRouteBuilder npm)
    {
        npm.MapMethods("/@{scope}/{name}", ["GET", "HEAD"], GetAsync).Requires(PackageAction.Pull);
        npm.MapMethods("/@{scope}/{name}/{version}", ["GET", "HEAD"], VersionAsync).Requires(PackageAction.Pull);
        npm.MapMethods("/@{scope}/{name}/-/{file}", ["GET", "HEAD"], TarballAsync).Requires(PackageAction.Pull);

        // npm itself requests this for a version that it published, and older lock files contain it.
        npm.MapMethods("/@{scope}/{name}/-/@{again}/{file}", ["GET", "HEAD"], TarballAsync).Requires(PackageAction.Pull);
        npm.MapGet("/-/npm/v1/attestations/@{scope}/{name}@{version}", AttestationsAsync).Requires(PackageAction.Pull);
    }

    private static async Task GetAsync(
        HttpContext http, NpmAccess access, Packuments packuments, PackageOwners owners, Db db, CancellationToken cancellationToken)
    {
        if (PackageOwners.Asks(http.Request) && await owners.FindAsync(access, cancellationToken) is { } people)
        {
            var revision = await db.ReadAsync(session => DocumentTable.RevisionAsync(session, access.PackageId!.Value), cancellationToken);
            await PackageOwners.Document(access, Packuments.Revision(revision), people).ExecuteAsync(http);
            return;
        }

        var whole = http.Request.Query.ContainsKey("write") || !WantsAbbreviated(http.Request.Headers.Accept);
        if (access.PackageId is not { } id
            || await packuments.FindAsync(access.At, access.Address, id, whole, cancellationToken) is not { } packument)
        {
            await ErrorWriter.WriteAsync(http, NpmErrors.Unknown(access.Address));
            return;
        }

        var headers = http.Response.Headers;
        headers.ETag = packument.ETag;
        headers.CacheControl = Revalidated;
        headers.Vary = "Accept, Accept-Encoding, Authorization";
        if (EntityTags.NoneMatch(http.Request.Headers.IfNoneMatch, packument.ETag))
        {
            http.Response.StatusCode = StatusCodes.Status304NotModified;
            return;
        }

        headers.ContentType = whole ? "application/json; charset=utf-8" : InstallType;
        if (!ContentCoding.TakesGzip(http.Request.Headers.AcceptEncoding))
        {
            if (!HttpMethods.IsHead(http.Request.Method))
            {
                await using var unzipped = new GZipStream(new MemoryStream(packument.Content, writable: false), CompressionMode.Decompress);
                await unzipped.CopyToAsync(http.Response.Body, cancellationToken);
            }

            return;
        }

        headers.ContentEncoding = "gzip";
        headers.ContentLength = packument.Content.Length;
        if (!HttpMethods.IsHead(http.Request.Method))
        {
            await http.Response.Body.WriteAsync(packument.Content, cancellationToken);
        }
    }

    /// <summary>One version, by its number or by a tag.</summary>
    private static async Task VersionAsync(
        HttpContext http, NpmAccess access, string version, Db db, NpmUrls urls, CancellationToken cancellationToken)
    {
        var contents = access.PackageId is { } id
            ? await db.ReadAsync(session => Packuments.ContentsAsync(session, access.Address, id), cancellationToken) : null;
        var number = contents?.Tags.GetValueOrDefault(version) ?? version;
        if (contents?.Versions.FirstOrDefault(row => row.Version == number) is not { } found)
        {
            await ErrorWriter.WriteAsync(http, NpmErrors.UnknownVersion(access.Address, version));
            return;
        }

        http.Response.ContentType = "application/json; charset=utf-8";
        http.Response.Headers.CacheControl = Revalidated;
        using var body = new MemoryStream();
        await using (var json = new Utf8JsonWriter(body))
        {
            PackumentWriter.WriteVersion(json, access.Address, found, urls);
        }

        http.Response.ContentLength = body.Length;
        if (!HttpMethods.IsHead(http.Request.Method))
        {
            await http.Response.Body.WriteAsync(body.GetBuffer().AsMemory(0, (int)body.Length), cancellationToken);
        }
    }

    private static async Task TarballAsync(
        HttpContext http, NpmAccess access, string file, Tarballs tarballs, IBlobStore store, PullCounts pulls, PullLog log,
        BerthMetrics metrics, CancellationToken cancellationToken)
    {
        if (access.PackageId is not { } id || NpmUrls.VersionOf(access.Address, file) is not { } version
            || await tarballs.FindAsync(access.At, id, version, cancellationToken) is not { } tarball)
        {
            await ErrorWriter.WriteAsync(http, NpmErrors.NotFound.Saying($"{access.Address} has no file {file}"));
            return;
        }

        var headers = http.Response.Headers;
        headers.ETag = tarball.ETag;
        headers.CacheControl = Immutable;
        headers.AcceptRanges = "bytes";
        if (EntityTags.NoneMatch(http.Request.Headers.IfNoneMatch, tarball.ETag))
        {
            pulls.Checked(tarball.VersionId);
            http.Response.StatusCode = StatusCodes.Status304NotModified;
            return;
        }

        if (HttpMethods.IsHead(http.Request.Method))
        {
            headers.ContentType = BlobContent.OctetStream;
            headers.ContentLength = tarball.Size;
            return;
        }

        if (IsFromTheStart(http.Request.Headers.Range))
        {
            pulls.Pulled(tarball.VersionId);
            log.Pulled(access.Actor, access.Facts, version, version);
        }

        if (!await BlobContent.TryServeAsync(http, store, tarball.Key, tarball.Size, tarball.ETag, metrics, cancellationToken))
        {
            foreach (var name in (ReadOnlySpan<string>)[HeaderNames.ETag, HeaderNames.CacheControl, HeaderNames.AcceptRanges])
            {
                headers.Remove(name);
            }

            await ErrorWriter.WriteAsync(
                http, NpmErrors.NotFound.Saying($"the bytes of {file} are not in the store; whoever runs the server has to look at it"));
        }
    }

    /// <summary>The attestations that <c>npm audit signatures</c> and the pages of a registry read.</summary>
    private static async Task<IResult> AttestationsAsync(
        NpmAccess access, string version, Db db, CancellationToken cancellationToken)
    {
        var bundles = access.PackageId is { } id
            ? await db.ReadAsync(session => NpmVersionTable.BundlesAsync(session, id, version), cancellationToken) : null;
        return bundles is null
            ? NpmErrors.NotFound.Saying($"{access.Address}@{version} came without attestations")
            : Results.Text($$"""{"attestations":{{bundles}}}""", "application/json");
    }

    /// <summary>A later part of a file is no second pull, since its beginning was counted.</summary>
    private static bool IsFromTheStart(StringValues range) =>
        range.ToString() is var text && (text.Length == 0 || text.StartsWith("bytes=0-", StringComparison.Ordinal));

    private static bool WantsAbbreviated(StringValues accept) =>
        accept.ToString().Contains(InstallType, StringComparison.OrdinalIgnoreCase);
}
