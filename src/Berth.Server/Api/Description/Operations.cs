using System.Globalization;
using System.Text.Json.Nodes;
using Berth.Server.Api.Bodies;
using Microsoft.AspNetCore.Http.Metadata;

namespace Berth.Server.Api.Description;

/// <summary>The operations of the document, one for each route and method.</summary>
internal sealed class Operations(WireSchemas schemas)
{
    public JsonObject Of(DescribedRoute route)
    {
        var operation = new JsonObject
        {
            ["operationId"] = route.Id,
            ["tags"] = new JsonArray(route.Tag),
            ["summary"] = route.Summary,
            ["description"] = Needs.Words(route.Mark, route.Reads, route.Reach),
        };
        if (Needs.OpenToAll(route.Mark, route.Reads))
        {
            operation["security"] = new JsonArray(new JsonObject(), SharedParts.With("bearer"), SharedParts.With("basic"));
        }

        var parameters = new JsonArray([.. InPath(route), .. InQuery(route)]);
        if (parameters.Count > 0)
        {
            operation["parameters"] = parameters;
        }

        if (route.Body is { } body)
        {
            operation["requestBody"] = Body(body);
        }

        operation["responses"] = Responses(route);
        return operation;
    }

    private static IEnumerable<JsonNode> InPath(DescribedRoute route) =>
        route.Segments.Index().Where(segment => segment.Item.StartsWith('{')).Select(segment =>
        {
            var name = segment.Item.Trim('{', '}');
            return new JsonObject
            {
                ["name"] = name,
                ["in"] = "path",
                ["required"] = true,
                ["description"] = PathParameters.Describe(name, [.. route.Segments.Take(segment.Index)], route.ByIds),
                ["schema"] = new JsonObject { ["type"] = route.IsNumber(name) ? "integer" : "string" },
            };
        });

    private static IEnumerable<JsonNode> InQuery(DescribedRoute route)
    {
        foreach (var query in route.Queries)
        {
            var schema = new JsonObject { ["type"] = query.IsNumber ? "integer" : "string" };
            if (query.Choices.Count > 0)
            {
                schema["enum"] = JsonSchemas.Words(query.Choices);
            }

            yield return new JsonObject
            {
                ["name"] = query.Name,
                ["in"] = "query",
                ["required"] = query.Required,
                ["description"] = query.Words,
                ["schema"] = schema,
            };
        }

        if (route.IsPaged)
        {
            // A list that continues behind a given entry has no page numbers.
            if (!route.Queries.Any(query => query.Name == "after"))
            {
                yield return SharedParts.Parameter("page");
            }

            yield return SharedParts.Parameter("per_page");
        }
    }

    private JsonObject Body(RouteBody body)
    {
        var schema = body.Record is null ? [] : schemas.Body(body.Record);
        if (body.Required.Count > 0)
        {
            schema["required"] = JsonSchemas.Words(body.Required);
        }

        return new JsonObject
        {
            ["required"] = body.Record is null || body.Required.Count > 0 || Bodies.BodyField.Of(body.Record).Any(field => field.Required),
            ["content"] = new JsonObject { [body.MediaType] = new JsonObject { ["schema"] = schema } },
        };
    }

    private JsonObject Responses(DescribedRoute route)
    {
        var responses = new SortedDictionary<string, JsonObject>(StringComparer.Ordinal);
        foreach (var answer in route.Answers)
        {
            var status = answer.StatusCode.ToString(CultureInfo.InvariantCulture);
            responses[status] = answer.StatusCode < 400 ? Success(route, answer) : SharedParts.Error(answer.StatusCode);
        }

        foreach (var status in UsualErrors(route))
        {
            responses[status.ToString(CultureInfo.InvariantCulture)] = SharedParts.Error(status);
        }

        if (IsRevalidated(route))
        {
            responses["304"] = new JsonObject { ["description"] = "What the client has already, by its `If-None-Match`." };
        }

        responses["5XX"] = SharedParts.Response("ServerError");
        return new JsonObject(responses.Select(one => KeyValuePair.Create<string, JsonNode?>(one.Key, one.Value)));
    }

    private JsonObject Success(DescribedRoute route, IProducesResponseTypeMetadata answer)
    {
        var response = new JsonObject { ["description"] = SharedParts.Words(answer.StatusCode) };
        var headers = SharedParts.RateHeaders();
        if (IsRevalidated(route))
        {
            headers["ETag"] = SharedParts.Header("ETag");
        }

        if (route.IsPaged || route.Queries.Any(query => query.Name is "after" or "cursor"))
        {
            headers["Link"] = SharedParts.Header("Link");
        }

        response["headers"] = headers;
        if (answer.Type is { } type && type != typeof(void))
        {
            var schema = type == typeof(Stream) ? new JsonObject() : schemas.Answer(type);
            response["content"] = new JsonObject(answer.ContentTypes.Select(
                media => KeyValuePair.Create<string, JsonNode?>(media, new JsonObject { ["schema"] = schema.DeepClone() })));
        }

        return response;
    }

    /// <summary>A GET that answers with JSON or a page has an <c>ETag</c> (<see cref="Revalidated"/>).</summary>
    private static bool IsRevalidated(DescribedRoute route) =>
        route.Reads && route.Answers.Any(answer => answer.StatusCode == 200
            && answer.ContentTypes.Any(media => media is "application/json" or "text/html"));

    /// <summary>
    /// The errors that every route of its kind may answer with, from the gate, the body and the names, before the handler runs.
    /// </summary>
    private static IEnumerable<int> UsualErrors(DescribedRoute route)
    {
        yield return 400;
        yield return 401;
        yield return 403;
        if (!route.Reads || route.Segments.Any(segment => segment.StartsWith('{')))
        {
            yield return 404;
        }

        if (route.Body is not null)
        {
            yield return 413;
        }

        if (!route.Reads || route.IsPaged || route.Queries.Any())
        {
            yield return 422;
        }
    }
}
