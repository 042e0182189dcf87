using System.Text.Json.Nodes;
using Berth.Client.Wire;
using Microsoft.AspNetCore.WebUtilities;

namespace Berth.Server.Api.Description;

/// <summary>Parts that many operations refer to: errors, headers, paging, and how callers authenticate.</summary>
internal static class SharedParts
{
    private static readonly (int Status, string Name, string Words)[] Errors =
    [
        (400, "BadRequest", "It cannot be read: no JSON, an unknown version of the API, a word that is none of those allowed."),
        (401, "Unauthorized", "A token is needed, or the one that was sent is none."),
        (403, "Forbidden", "Not allowed with this token, or the share of requests of this hour is used up."),
        (404, "NotFound", "There is no such thing, or it is not yours to see."),
        (409, "Conflict", "What is there now does not let it happen."),
        (413, "TooLarge", "The body is larger than 1 MiB."),
        (422, "Unprocessable", "It was understood and cannot be done; `errors` names every wrong field."),
        (426, "UpgradeRequired", "The address speaks WebSocket."),
        (429, "TooMany", "Too many within a minute."),
    ];

    private static readonly (string Name, string Words)[] Headers =
    [
        ("ETag", "Send it as `If-None-Match`, and the answer is 304 while nothing has changed."),
        ("Link", "Absolute URLs of the other pages (RFC 8288); none where everything is on one."),
        ("X-RateLimit-Limit", "How many requests the caller has in an hour."),
        ("X-RateLimit-Remaining", "How many are left."),
        ("X-RateLimit-Reset", "When the next hour begins, in seconds since 1970."),
    ];

    public static JsonObject With(string scheme) => new() { [scheme] = new JsonArray() };

    public static JsonObject Parameter(string name) => Reference("parameters", name);

    public static JsonObject Header(string name) => Reference("headers", name);

    public static JsonObject Response(string name) => Reference("responses", name);

    public static JsonObject RateHeaders() => new(
        Headers.Where(header => header.Name.StartsWith("X-RateLimit", StringComparison.Ordinal))
            .Select(header => KeyValuePair.Create<string, JsonNode?>(header.Name, Header(header.Name))));

    /// <exception cref="InvalidOperationException">The status has no words yet.</exception>
    public static JsonObject Error(int status) => Array.Find(Errors, error => error.Status == status) is { Name: { } name }
        ? Response(name)
        : throw new InvalidOperationException($"nothing says what {status} means");

    public static string Words(int success) => success switch
    {
        200 => "What was asked for, or what is there now.",
        201 => "It was made.",
        202 => "It has begun.",
        204 => "It is so; there is no more to say.",
        _ => ReasonPhrases.GetReasonPhrase(success),
    };

    public static JsonObject Components(WireSchemas schemas)
    {
        var responses = new JsonObject();
        foreach (var (_, name, words) in Errors)
        {
            responses[name] = ErrorResponse(schemas, words);
        }

        responses["ServerError"] = ErrorResponse(schemas, "The server could not do it; its log has the reason under the request id.");
        return new JsonObject
        {
            ["securitySchemes"] = new JsonObject
            {
                ["bearer"] = new JsonObject
                {
                    ["type"] = "http",
                    ["scheme"] = "bearer",
                    ["description"] = "A token of Berth. `token` instead of `Bearer` does as well.",
                },
                ["basic"] = new JsonObject
                {
                    ["type"] = "http",
                    ["scheme"] = "basic",
                    ["description"] = "A token as the password; the user name is ignored.",
                },
            },
            ["parameters"] = new JsonObject
            {
                ["page"] = Number("page", "Which page, from 1.", usual: 1),
                ["per_page"] = Number("per_page", "How many on a page; more than 100 is 100.", usual: 30),
            },
            ["headers"] = new JsonObject(Headers.Select(header => KeyValuePair.Create<string, JsonNode?>(
                header.Name,
                new JsonObject { ["description"] = header.Words, ["schema"] = new JsonObject { ["type"] = "string" } }))),
            ["responses"] = responses,
            ["schemas"] = schemas.Components(),
        };
    }

    private static JsonObject Reference(string kind, string name) => new() { ["$ref"] = $"#/components/{kind}/{name}" };

    private static JsonObject ErrorResponse(WireSchemas schemas, string words) => new()
    {
        ["description"] = words,
        ["content"] = new JsonObject { ["application/json"] = new JsonObject { ["schema"] = schemas.Answer(typeof(ErrorBody)) } },
    };

    private static JsonObject Number(string name, string words, int usual)
    {
        var schema = new JsonObject { ["type"] = "integer", ["minimum"] = 1, ["default"] = usual };
        return new JsonObject { ["name"] = name, ["in"] = "query", ["description"] = words, ["schema"] = schema };
    }
}
