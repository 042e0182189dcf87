using System.Text.Json;

namespace Berth.Server.Api.Description;

/// <summary>The description of the API, for programs and for people.</summary>
internal static class DocumentEndpoints
{
    public static void MapDocument(this IEndpointRouteBuilder api) =>
        api.MapRead("/openapi.json", (DocumentPages pages) => pages.Json).Requires(ApiNeed.Anyone)
            .Does("Get this document").Gives<JsonElement>();
}

/// <summary>The document as it is sent.</summary>
internal sealed class DocumentPages(ApiDocument document)
{
    private readonly Lazy<Revalidated> _json = new(() => new Revalidated(document.ToUtf8(), "application/json; charset=utf-8"));

    public IResult Json => _json.Value;
}
