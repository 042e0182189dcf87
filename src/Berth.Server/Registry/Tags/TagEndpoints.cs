using System.Text.Json.Serialization;
using Berth.Server.Database;
using Berth.Server.Registry.Authorization;

namespace Berth.Server.Registry.Tags;

internal sealed record TagList(
    [property: JsonPropertyName("name")] string Name,
    [property: JsonPropertyName("tags")] IReadOnlyList<string> Tags);

[JsonSerializable(typeof(TagList))]
internal sealed partial class TagJson : JsonSerializerContext;

internal static class TagEndpoints
{
    public static void MapTags(this IEndpointRouteBuilder registry) =>
        registry.MapMethods("{name}/tags/list", ["GET", "HEAD"], ListAsync).Requires(RegistryActions.Pull);

    /// <summary>distribution-spec, "Listing tags": in byte order, beginning after <c>last</c>.</summary>
    private static async Task<IResult> ListAsync(HttpContext http, RegistryAccess access, Db db, CancellationToken cancellationToken)
    {
        if (!Paging.TryParse(http.Request.Query, out var page, out var invalid))
        {
            return invalid!;
        }

        if (access.PackageId is not { } packageId)
        {
            return RegistryErrors.NameUnknown.With(access.Name.Value);
        }

        var tags = page.Count == 0 ? [] : await db.ReadAsync(
            session => session.QueryAsync<string>(
                "select name from tags where package_id = @packageId and name > @last order by name limit @limit",
                new { packageId, last = page.Last, limit = page.Count + 1 }),
            cancellationToken);
        if (tags.Count > page.Count)
        {
            tags.RemoveAt(page.Count);
            Paging.Link(http.Response, $"/v2/{access.Name.Value}/tags/list", page.Count, tags[^1]);
        }

        return Results.Json(new TagList(access.Name.Value, tags), TagJson.Default.TagList);
    }
}
