using System.Text.Json;
using Berth.Server.Http;

namespace Berth.Server.Api.Description;

/// <summary>The description of the API, for programs and for people.</summary>
internal static class DocumentEndpoints
{
    public static void MapDocument(this IEndpointRouteBuilder api)
    {
        api.MapRead("/openapi.json", (DocumentPages pages) => pages.Json).Requires(ApiNeed.Anyone)
            .Does("Get this document").Gives<JsonElement>();
        api.MapRead("/docs", Page).Requires(ApiNeed.Anyone)
            .Does("Read this document as a page").GivesBytes("text/html");
    }

    private static IResult Page(HttpContext http, DocumentPages pages)
    {
        http.Response.Headers.ContentSecurityPolicy = ReferencePage.ContentSecurityPolicy;
        http.Response.Headers.XContentTypeOptions = "nosniff";
        return pages.Page;
    }
}

/// <summary>The document as it is sent. It is made when somebody first asks for it.</summary>
internal sealed class DocumentPages(ApiDocument document)
{
    private readonly Lazy<Revalidated> _json = new(() => Compressed(document.ToUtf8(), "application/json; charset=utf-8"));
    private readonly Lazy<Revalidated> _page = new(() => Compressed(new ReferencePage(document.Root).ToUtf8(), "text/html; charset=utf-8"));

    public IResult Json => _json.Value;

    public IResult Page => _page.Value;

    private static Revalidated Compressed(byte[] content, string contentType) =>
        new(content, contentType) { Gzip = ContentCoding.Gzip(content) };
}
