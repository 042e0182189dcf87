using System.Globalization;
using System.Text.Json;
using Berth.Server.Api.Description;
using Berth.Tests.TestServer;
using Microsoft.Extensions.DependencyInjection;

namespace Berth.Tests.Api.Description;

/// <summary>Compares real answers of the REST API with what the document says about them.</summary>
internal sealed class DescribedAnswers
{
    private const string Root = "/api/v3";

    private static readonly Lock Making = new();
    private static DescribedAnswers? _all;

    private readonly SchemaCheck _schemas;
    private readonly ILookup<int, (string[] Segments, JsonElement Operations)> _paths;

    private DescribedAnswers(JsonElement document)
    {
        _schemas = new SchemaCheck(document);
        _paths = document.GetProperty("paths").EnumerateObject()
            .Select(path => (Segments: path.Name.Split('/'), path.Value)).ToLookup(path => path.Segments.Length);
    }

    /// <summary>The description of any server, since servers differ only in their URL.</summary>
    public static DescribedAnswers Of(BerthServer server)
    {
        lock (Making)
        {
            return _all ??= new DescribedAnswers(
                JsonSerializer.Deserialize<JsonElement>(server.Services.GetRequiredService<ApiDocument>().ToUtf8()));
        }
    }

    /// <summary>
    /// Null, or what the document does not say. The document says nothing about paths and methods that are not routes, and nothing about
    /// what HTTP itself refuses before routing. Such answers have no request id.
    /// </summary>
    public string? Fault(string method, string pathAndQuery, Reply reply)
    {
        var path = pathAndQuery.Split('?')[0];
        if (!path.StartsWith(Root + "/", StringComparison.Ordinal)
            || reply.Header("X-GitHub-Request-Id") is null
            || Find(path[Root.Length..].Split('/')) is not { } operations
            || !operations.TryGetProperty(method.ToLowerInvariant(), out var operation))
        {
            return null;
        }

        var faults = Faults(operation, reply).ToList();
        return faults.Count == 0 ? null
            : $"{method} {path} answers {(int)reply.Status}, and the description of the API does not fit: {string.Join("; ", faults)}\n"
                + reply.Body;
    }

    private JsonElement? Find(string[] segments)
    {
        // If several fit, the one with the most words counts, as in routing.
        var fitting = _paths[segments.Length]
            .Where(path => path.Segments.Zip(segments).All(pair =>
                pair.First == pair.Second || (pair.First.StartsWith('{') && pair.Second.Length > 0)))
            .OrderByDescending(path => path.Segments.Count(segment => !segment.StartsWith('{')))
            .ToList();
        return fitting.Count == 0 ? null : fitting[0].Operations;
    }

    private IEnumerable<string> Faults(JsonElement operation, Reply reply)
    {
        var status = ((int)reply.Status).ToString(CultureInfo.InvariantCulture);
        var responses = operation.GetProperty("responses");
        if (!responses.TryGetProperty(status, out var response)
            && (status[0] != '5' || !responses.TryGetProperty("5XX", out response)))
        {
            return [$"there is no {status}"];
        }

        if (response.TryGetProperty("$ref", out var reference))
        {
            response = _schemas.Resolve(reference.GetString()!);
        }

        if (!response.TryGetProperty("content", out var content))
        {
            return reply.Body.Length == 0 ? [] : ["there is no body"];
        }

        var media = reply.Response.Content.Headers.ContentType?.MediaType ?? "";
        return !content.TryGetProperty(media, out var described) ? [$"there is no {(media.Length == 0 ? "answer without a body" : media)}"]
            : media != "application/json" ? []
            : _schemas.Faults(reply.Json, described.GetProperty("schema"));
    }
}
