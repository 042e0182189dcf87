using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Encodings.Web;

namespace Berth.Server.Api.Description;

/// <summary>
/// The OpenAPI 3.1 document of the REST API. It is made when somebody first asks for it, from the mapped routes and the records of bodies
/// and answers. <c>/v2</c>, GraphQL and the OAuth endpoint are left out, because others specify them.
/// </summary>
/// <remarks>https://spec.openapis.org/oas/v3.1.1</remarks>
internal sealed class ApiDocument(EndpointDataSource endpoints, ApiUrls urls)
{
    private static readonly JsonSerializerOptions Writing = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private readonly Lazy<JsonObject> _root = new(() => Make(endpoints, urls));

    /// <summary>Must not be changed.</summary>
    public JsonObject Root => _root.Value;

    public byte[] ToUtf8() => JsonSerializer.SerializeToUtf8Bytes(Root, Writing);

    private static JsonObject Make(EndpointDataSource endpoints, ApiUrls urls)
    {
        var schemas = new WireSchemas();
        var operations = new Operations(schemas);
        var routes = DescribedRoute.All(endpoints);
        var paths = new JsonObject();
        foreach (var route in routes)
        {
            if (paths[route.Path] is not JsonObject path)
            {
                paths[route.Path] = path = [];
            }

            path[route.Method.ToLowerInvariant()] = operations.Of(route);
        }

        return new JsonObject
        {
            ["openapi"] = "3.1.1",
            ["info"] = new JsonObject
            {
                ["title"] = "Berth",
                ["version"] = typeof(ApiDocument).Assembly.GetName().Version!.ToString(3),
                ["description"] =
                    "Where GitHub has it, this is GitHub's REST API. `HEAD` works wherever `GET` does. "
                    + "Unknown fields of bodies are ignored.",
            },
            ["servers"] = new JsonArray(new JsonObject { ["url"] = urls.Api }),
            ["security"] = new JsonArray(SharedParts.With("bearer"), SharedParts.With("basic")),
            ["tags"] = new JsonArray(
                [.. routes.Select(route => route.Tag).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal)
                    .Select(tag => (JsonNode)new JsonObject { ["name"] = tag })]),
            ["paths"] = paths,
            ["components"] = SharedParts.Components(schemas),
        };
    }
}
