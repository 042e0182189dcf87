using System.Net;
using Berth.Tests.TestServer;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace Berth.Tests.Api;

/// <summary>
/// Every route of the API against five callers, all with every scope: nobody, a reader and a writer of the repository (both plain members
/// of the organization), an owner of the organization, and somebody from outside. A new route without a row fails.
/// </summary>
public sealed class RouteTableTests(SharedServer shared)
{
    public static TheoryData<string, string> Rows()
    {
        var rows = new TheoryData<string, string>();
        foreach (var line in RouteTable.Text.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
        {
            var parts = line.Split('|', StringSplitOptions.TrimEntries);
            rows.Add(parts[0], parts[1]);
        }

        return rows;
    }

    [Theory]
    [MemberData(nameof(Rows))]
    public async Task A_route_answers_each_caller_as_its_row_says(string route, string expected)
    {
        var world = await RouteWorld.CreateAsync(shared.Server);
        var (method, path) = world.Fill(route);
        List<string> answers = [];
        foreach (var caller in world.Callers)
        {
            answers.Add(Word((await caller.SendAsync(method, path, method is "GET" or "DELETE" ? null : "{}")).Status));
        }

        Assert.Equal(string.Join(' ', expected.Split(' ', StringSplitOptions.RemoveEmptyEntries)), string.Join(' ', answers));
    }

    [Fact]
    public void Every_route_is_in_the_table()
    {
        var known = Rows().Select(row => row.Data.Item1).ToHashSet(StringComparer.Ordinal);
        var routes = shared.Server.Services.GetServices<EndpointDataSource>().SelectMany(source => source.Endpoints).OfType<RouteEndpoint>()
            .Where(endpoint => endpoint.RoutePattern.RawText!.StartsWith("/api/", StringComparison.Ordinal))
            .SelectMany(endpoint => endpoint.Metadata.GetMetadata<HttpMethodMetadata>()!.HttpMethods
                .Where(method => method != "HEAD").Select(method => $"{method} {endpoint.RoutePattern.RawText}"))
            .ToHashSet(StringComparer.Ordinal);
        Assert.Empty(routes.Except(known));
        Assert.Empty(known.Except(routes));
    }

    [Fact]
    public void Every_route_carries_one_permission_mark()
    {
        var unmarked = shared.Server.Services.GetServices<EndpointDataSource>().SelectMany(
            source => source.Endpoints).OfType<RouteEndpoint>()
            .Where(endpoint => endpoint.RoutePattern.RawText!.StartsWith("/api/", StringComparison.Ordinal))
            .Where(endpoint => endpoint.Metadata.OfType<Server.Api.ApiRoute>().Count() != 1)
            .Select(endpoint => endpoint.DisplayName);
        Assert.Empty(unmarked);
    }

    /// <summary>What the gate lets in is "in", whatever the handler says of an empty body or a thing that is not there.</summary>
    private static string Word(HttpStatusCode status) => (int)status switch
    {
        401 => "401",
        403 => "403",
        404 => "404",
        >= 500 => "BUG",
        _ => "in",
    };

    /// <summary>What a public repository shows to everybody must not need to know who asks.</summary>
    [Fact]
    public async Task Nobody_breaks_anything_on_a_public_repository()
    {
        var ada = await shared.Server.UserAsync();
        var app = await ada.RepositoryAsync(ada.Login, "app", "public");
        foreach (var route in Rows()
            .Select(row => row.Data.Item1)
            .Where(route => route.StartsWith("GET /api/v3/repos/", StringComparison.Ordinal)))
        {
            var path = route[4..]
                .Replace("{owner}/{repo}", app, StringComparison.Ordinal)
                .Replace("{username}", ada.Login, StringComparison.Ordinal);
            Assert.NotEqual("BUG", Word((await shared.Server.Nobody().GetAsync(path)).Status));
        }
    }
}
