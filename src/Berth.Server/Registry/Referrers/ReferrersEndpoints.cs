using Berth.Server.Http;
using Berth.Server.Oci;
using Berth.Server.Registry.Authorization;

namespace Berth.Server.Registry.Referrers;

internal static class ReferrersEndpoints
{
    /// <summary>The limit of rows in a page, even if a client asks for more.</summary>
    private const int Most = 1000;

    public static void MapReferrers(this IEndpointRouteBuilder registry) =>
        registry.MapMethods("{name}/referrers/{digest}", ["GET", "HEAD"], ListAsync).Requires(RegistryActions.Pull);

    /// <summary>
    /// distribution-spec, "Listing Referrers": an index of what refers to the digest, which may be empty. As the specification says, it is
    /// never a 404, even when nothing has been published, since clients would conclude that this registry lacks the API.
    /// </summary>
    private static async Task ListAsync(
        HttpContext http, RegistryAccess access, string digest, WriteReferrers write, CancellationToken cancellationToken)
    {
        if (!Digest.TryParse(digest, out var subject))
        {
            await ErrorWriter.WriteAsync(http, RegistryErrors.DigestInvalid.With(Digest.Rule));
            return;
        }

        if (!Paging.TryParse(http.Request.Query, out var page, out var invalid))
        {
            await ErrorWriter.WriteAsync(http, invalid!);
            return;
        }

        var artifactType = http.Request.Query["artifactType"].FirstOrDefault() is { Length: > 0 } type ? type : null;

        // No manifest's type contains a control character, and PostgreSQL does not accept NUL.
        var query = access.PackageId is { } packageId && page.Count > 0 && artifactType?.Any(char.IsControl) != true
            ? new ReferrersQuery(packageId, subject, artifactType, page.Last)
            : null;
        var (last, more) = query is null ? ("", false) : await write.EndAsync(query, Math.Min(page.Count, Most), cancellationToken);
        if (more)
        {
            var filter = artifactType is null ? "" : $"&artifactType={Uri.EscapeDataString(artifactType)}";
            Paging.Link(http.Response, $"/v2/{access.Name.Value}/referrers/{subject.Value}", page.Count, last, filter);
        }

        if (artifactType is not null)
        {
            http.Response.Headers["OCI-Filters-Applied"] = "artifactType";
        }

        http.Response.ContentType = MediaTypes.OciIndex;
        if (!HttpMethods.IsHead(http.Request.Method))
        {
            await write.RunAsync(http.Response, query, last, cancellationToken);
        }
    }
}
