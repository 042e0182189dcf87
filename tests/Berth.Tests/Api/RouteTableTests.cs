using System.Collections.Concurrent;
using System.Net;
using Berth.Tests.TestServer;
using Berth.Tests.Trusts;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace Berth.Tests.Api;

/// <summary>
/// Every route with every kind of caller. A new route without a row fails, and so does an answer of the API that its description lacks.
/// </summary>
public sealed class RouteTableTests(RouteServer server) : IClassFixture<RouteServer>
{
    private readonly TrustWorld _trusted = server.Trusted;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public static TheoryData<string, string> Rows()
    {
        var rows = new TheoryData<string, string>();
        foreach (var (route, answers) in RouteTable.Rows)
        {
            rows.Add(route, answers);
        }

        return rows;
    }

    [Theory]
    [MemberData(nameof(Rows))]
    public async Task A_route_answers_each_caller_as_its_row_says(string route, string expected) =>
        Assert.Equal(expected, string.Join(' ', await AnswersAsync(route)));

    [Fact]
    public async Task Every_route_is_in_the_table()
    {
#pragma warning disable RS0030 // How a person asks this test to write.
        if (Environment.GetEnvironmentVariable("BERTH_WRITE_GOLDEN") == "1")
#pragma warning restore RS0030
        {
            var rows = new ConcurrentBag<(string, IReadOnlyList<string>)>();
            await Parallel.ForEachAsync(Routes(), Token, async (route, _) => rows.Add((route, await AnswersAsync(route))));
            await RouteTable.WriteAsync(rows, Token);
            return;
        }

        var known = RouteTable.Rows.Select(row => row.Route).ToHashSet(StringComparer.Ordinal);
        Assert.Empty(Routes().Except(known));
        Assert.Empty(known.Except(Routes()));
    }

    [Fact]
    public void Every_route_of_the_api_carries_one_permission_mark()
    {
        var unmarked = Endpoints().Where(endpoint => endpoint.RoutePattern.RawText!.StartsWith("/api/", StringComparison.Ordinal))
            .Where(endpoint => endpoint.Metadata.OfType<Server.Api.ApiRoute>().Count() != 1)
            .Select(endpoint => endpoint.DisplayName);
        Assert.Empty(unmarked);
    }

    /// <summary>There are hundreds of routes, and compiling them took longer than the rest of a start.</summary>
    [Fact]
    public void No_route_is_compiled_before_somebody_asks_for_it() => Assert.Empty(
        Endpoints().Where(endpoint => endpoint.RequestDelegate?.Target is not Server.LazyRoutes.LazyHandler)
            .Select(endpoint => endpoint.DisplayName));

    /// <summary>A start does not notice a parameter that cannot be read, so this test does.</summary>
    [Fact]
    public void Every_handlers_parameters_can_be_read()
    {
        foreach (var endpoint in Endpoints())
        {
            ((Server.LazyRoutes.LazyHandler)endpoint.RequestDelegate!.Target!).Compile(endpoint);
        }
    }

    /// <summary>What everybody may see of a public repository must not depend on who asks.</summary>
    [Fact]
    public async Task Nobody_breaks_anything_on_a_public_repository()
    {
        var ada = await _trusted.Server.UserAsync();
        var app = await ada.RepositoryAsync(ada.Login, "app", "public");
        foreach (var route in Routes().Where(route => route.StartsWith("GET /api/v3/repos/", StringComparison.Ordinal)))
        {
            var path = route[4..]
                .Replace("{owner}/{repo}", app, StringComparison.Ordinal)
                .Replace("{username}", ada.Login, StringComparison.Ordinal);
            Assert.NotEqual("BUG", Word((await _trusted.Server.Nobody().GetAsync(path)).Status));
        }
    }

    private async Task<IReadOnlyList<string>> AnswersAsync(string route)
    {
        // A read leaves the world unchanged for everybody.
        var reads = route.StartsWith("GET ", StringComparison.Ordinal);
        var world = reads ? server.ToRead : await RouteWorld.CreateAsync(_trusted);
        List<string> answers = [];
        for (var caller = 0; caller < world.Callers.Count; caller++)
        {
            var (method, path) = world.Fill(route);
            var reply = await world.Callers[caller].CallAsync(method, path, method is "GET" or "DELETE" ? null : "{}");
            answers.Add(Word(reply.Status));

            // A caller who was let in may have changed or ended what the next one asks for.
            if (!reads && answers[^1] == "in" && caller + 1 < world.Callers.Count)
            {
                world = await RouteWorld.CreateAsync(_trusted);
            }
        }

        return answers;
    }

    private IEnumerable<RouteEndpoint> Endpoints() => _trusted.Server.Services.GetServices<EndpointDataSource>()
        .SelectMany(source => source.Endpoints).OfType<RouteEndpoint>();

    private HashSet<string> Routes() => Endpoints()
        .SelectMany(endpoint => (endpoint.Metadata.GetMetadata<HttpMethodMetadata>()?.HttpMethods ?? ["GET"])
            .Where(method => method != "HEAD").Select(method => $"{method} {endpoint.RoutePattern.RawText}"))
        .ToHashSet(StringComparer.Ordinal);

    /// <summary>A request that the gate lets in counts as "in", whatever the handler says about an empty body or a missing thing.</summary>
    private static string Word(HttpStatusCode status) => (int)status switch
    {
        401 => "401",
        403 => "403",
        404 => "404",
        >= 500 => "BUG",
        _ => "in",
    };
}

/// <summary>The server of the table, and the world for reads.</summary>
public sealed class RouteServer : IAsyncLifetime
{
    private RouteWorld? _toRead;

    public TrustWorld Trusted { get; } = new();

    public RouteWorld ToRead => _toRead ?? throw new InvalidOperationException("not started");

    public async ValueTask InitializeAsync()
    {
        await Trusted.InitializeAsync();
        _toRead = await RouteWorld.CreateAsync(Trusted);
    }

    public ValueTask DisposeAsync() => Trusted.DisposeAsync();
}
