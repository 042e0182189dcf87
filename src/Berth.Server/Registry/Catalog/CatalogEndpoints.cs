using System.Text.Json.Serialization;
using Berth.Server.Access;
using Berth.Server.Registry.Authorization;

namespace Berth.Server.Registry.Catalog;

internal sealed record RepositoryList([property: JsonPropertyName("repositories")] IReadOnlyList<string> Repositories);

[JsonSerializable(typeof(RepositoryList))]
internal sealed partial class CatalogJson : JsonSerializerContext;

/// <summary>
/// Distribution's list of repositories, which registry browsers and command line tools ask for. The OCI specification leaves it out. Here
/// it has only what the caller may pull.
/// </summary>
internal static class CatalogEndpoints
{
    public static void MapCatalog(this IEndpointRouteBuilder registry) =>
        registry.MapMethods("_catalog", ["GET", "HEAD"], ListAsync).RequiresCatalog();

    /// <summary>
    /// Lists them in byte order, beginning after <c>last</c>. A page may be short. <c>Link</c> says whether there is another one.
    /// </summary>
    private static async Task<IResult> ListAsync(
        HttpContext http, CatalogAccess caller, AccessDecisions access, CancellationToken cancellationToken)
    {
        if (!Paging.TryParse(http.Request.Query, out var page, out var invalid))
        {
            return invalid!;
        }

        if (page.Count == 0)
        {
            return Answer([]);
        }

        var found = await access.ReadableAsync(
            caller.Principal, PackageAddress.Container, page.Last, page.Count, cancellationToken);
        if (found.After is { } after)
        {
            Paging.Link(http.Response, "/v2/_catalog", page.Count, after);
        }

        return Answer(found.Packages.ConvertAll(package => $"{package.Owner.ToLowerInvariant()}/{package.Name}"));
    }

    private static IResult Answer(List<string> names) => Results.Json(new RepositoryList(names), CatalogJson.Default.RepositoryList);
}
