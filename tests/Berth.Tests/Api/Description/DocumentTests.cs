using System.IO.Compression;
using System.Net;
using System.Text.Json;
using Berth.Tests.TestServer;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace Berth.Tests.Api.Description;

/// <summary>The document itself has every route, each with its own words, and everything that it refers to exists.</summary>
public sealed class DocumentTests(SharedServer shared)
{
    private BerthServer Server => shared.Server;

    [Fact]
    public async Task Everybody_may_have_it_and_ask_again()
    {
        var reply = await Server.Nobody().GetAsync("/openapi.json");
        Assert.Equal(HttpStatusCode.OK, reply.Status);
        Assert.Equal("3.1.1", reply["openapi"].GetString());
        Assert.Equal(
            new Uri(Server.Url, "/api/v3").AbsoluteUri, Assert.Single(reply["servers"].EnumerateArray()).GetProperty("url").GetString());

        using var client = Server.Client(null);
        using var again = new HttpRequestMessage(HttpMethod.Get, "/api/v3/openapi.json");
        again.Headers.TryAddWithoutValidation("If-None-Match", reply.Header("ETag"));
        using var unchanged = await client.SendAsync(again, TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.NotModified, unchanged.StatusCode);
    }

    [Theory]
    [InlineData("gzip, deflate, br", true)]
    [InlineData("gzip;q=0", false)]
    [InlineData("identity", false)]
    public async Task It_is_compressed_for_who_understands_that(string accepted, bool compressed)
    {
        using var client = Server.Client(null);
        var plain = await client.GetByteArrayAsync("/api/v3/openapi.json", TestContext.Current.CancellationToken);
        client.DefaultRequestHeaders.TryAddWithoutValidation("Accept-Encoding", accepted);
        using var response = await client.GetAsync("/api/v3/openapi.json", TestContext.Current.CancellationToken);
        Assert.Equal(compressed ? ["gzip"] : [], response.Content.Headers.ContentEncoding);
        Assert.Contains("Accept-Encoding", response.Headers.Vary);
        var content = await response.Content.ReadAsStreamAsync(TestContext.Current.CancellationToken);
        using var whole = new MemoryStream();
        await (compressed ? new GZipStream(content, CompressionMode.Decompress) : content)
            .CopyToAsync(whole, TestContext.Current.CancellationToken);
        Assert.Equal(plain, whole.ToArray());
        Assert.True(!compressed || response.Content.Headers.ContentLength < plain.Length / 4);
    }

    [Fact]
    public async Task Every_route_below_the_root_of_the_api_is_in_it()
    {
        var described = (await OperationsAsync()).Select(one => $"{one.Method} {one.Path}").ToHashSet(StringComparer.Ordinal);
        var mapped = Server.Services.GetServices<EndpointDataSource>().SelectMany(source => source.Endpoints).OfType<RouteEndpoint>()
            .Where(endpoint => endpoint.RoutePattern.RawText!.StartsWith("/api/v3/", StringComparison.Ordinal))
            .SelectMany(endpoint => endpoint.Metadata.GetMetadata<HttpMethodMetadata>()!.HttpMethods.Where(method => method != "HEAD")
                .Select(method => $"{method} {endpoint.RoutePattern.RawText!["/api/v3".Length..]}"))
            .Select(route => route.Replace(":long", "", StringComparison.Ordinal))
            .ToHashSet(StringComparer.Ordinal);
        Assert.Empty(mapped.Except(described));
        Assert.Empty(described.Except(mapped));
    }

    [Fact]
    public async Task Every_operation_says_what_it_does_and_what_it_answers()
    {
        List<string> lacking = [];
        foreach (var (method, path, operation) in await OperationsAsync())
        {
            if (operation.GetProperty("summary").GetString() is not { Length: > 0 })
            {
                lacking.Add($"{method} {path} has no summary: .Does(…)");
            }

            if (!operation.GetProperty("responses").EnumerateObject().Any(response => response.Name[0] is '1' or '2'))
            {
                lacking.Add($"{method} {path} has no answer: .Gives<T>() and its like");
            }
        }

        Assert.Empty(lacking);
    }

    [Fact]
    public async Task No_two_operations_have_the_same_id()
    {
        var repeated = (await OperationsAsync()).GroupBy(one => one.Operation.GetProperty("operationId").GetString())
            .Where(group => group.Count() > 1)
            .Select(group => $"{group.Key}: {string.Join(", ", group.Select(one => $"{one.Method} {one.Path}"))}");
        Assert.Empty(repeated);
    }

    [Fact]
    public async Task Every_parameter_of_a_path_is_described()
    {
        foreach (var (method, path, operation) in await OperationsAsync())
        {
            var inPath = path.Split('/').Where(segment => segment.StartsWith('{')).Select(segment => segment.Trim('{', '}'));
            var described = operation.TryGetProperty("parameters", out var parameters)
                ? parameters.EnumerateArray()
                    .Where(parameter => parameter.TryGetProperty("in", out var place) && place.GetString() == "path")
                    .Select(parameter => parameter.GetProperty("name").GetString()!)
                : [];
            Assert.True(inPath.SequenceEqual(described), $"{method} {path}");
        }
    }

    [Fact]
    public async Task Everything_it_refers_to_is_there_and_everything_there_is_referred_to()
    {
        var document = (await Server.Nobody().GetAsync("/openapi.json")).Json;
        var references = References(document).ToHashSet(StringComparer.Ordinal);
        var there = document.GetProperty("components").EnumerateObject().Where(kind => kind.Name != "securitySchemes")
            .SelectMany(kind => kind.Value.EnumerateObject().Select(one => $"#/components/{kind.Name}/{one.Name}"))
            .ToHashSet(StringComparer.Ordinal);
        Assert.Empty(references.Except(there));
        Assert.Empty(there.Except(references));
    }

    /// <summary>
    /// The description follows the rules that read a body: what may be left out, which words are allowed, how long a text may be.
    /// </summary>
    [Fact]
    public async Task A_body_is_described_as_it_is_read()
    {
        var schemas = (await Server.Nobody().GetAsync("/openapi.json"))["components"].GetProperty("schemas");
        var user = schemas.GetProperty("NewUser");
        Assert.Equal("login", Assert.Single(user.GetProperty("required").EnumerateArray()).GetString());
        Assert.Equal(254, user.GetProperty("properties").GetProperty("email").GetProperty("maxLength").GetInt32());
        var package = schemas.GetProperty("PackageChange");
        Assert.Equal(
            """["public","internal","private",null]""",
            package.GetProperty("properties").GetProperty("visibility").GetProperty("enum").GetRawText());
        Assert.Equal(
            "`owner/name` to link; `Null` takes the link off.",
            package.GetProperty("properties").GetProperty("repository").GetProperty("description").GetString());
    }

    private async Task<IReadOnlyList<(string Method, string Path, JsonElement Operation)>> OperationsAsync() =>
    [
        .. (await Server.Nobody().GetAsync("/openapi.json"))["paths"].EnumerateObject()
            .SelectMany(path => path.Value.EnumerateObject().Select(one => (one.Name.ToUpperInvariant(), path.Name, one.Value))),
    ];

    private static IEnumerable<string> References(JsonElement element) => element.ValueKind switch
    {
        JsonValueKind.Object => element.EnumerateObject().SelectMany(
            property => property is { Name: "$ref", Value.ValueKind: JsonValueKind.String }
                ? [property.Value.GetString()!]
                : References(property.Value)),
        JsonValueKind.Array => element.EnumerateArray().SelectMany(References),
        _ => [],
    };
}
