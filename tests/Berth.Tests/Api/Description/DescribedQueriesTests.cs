using Berth.Server.Api.Description;
using Berth.Tests.TestServer;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.AspNetCore.Routing.Patterns;
using Microsoft.Extensions.DependencyInjection;

namespace Berth.Tests.Api.Description;

/// <summary>How every test's server treats a route that reads more of its query than its description says.</summary>
public sealed class DescribedQueriesTests
{
    [Theory]
    [InlineData("/api/v3/things", "purge", true)]
    [InlineData("/api/v3/things", "page", true)]
    [InlineData("/api/v3/things", "force", false)]
    [InlineData("/v2/_catalog", "n", true)]
    public async Task A_name_of_the_query_is_one_that_the_route_says(string path, string name, bool passes)
    {
        var route = new RouteEndpoint(
            _ => Task.CompletedTask, RoutePatternFactory.Parse(path), 0,
            new EndpointMetadataCollection(new RouteQuery("purge", "At once.", [])), path);
        await using var services = new ServiceCollection().BuildServiceProvider();
        var app = new ApplicationBuilder(services);
        new DescribedQueries().Configure(inner => inner.Run(http =>
        {
            http.SetEndpoint(route);
            Assert.Equal("1", http.Request.Query[name]);
            return Task.CompletedTask;
        }))(app);
        var http = new DefaultHttpContext();
        http.Request.QueryString = new QueryString($"?{name}=1");
        var run = app.Build();
        if (passes)
        {
            await run(http);
        }
        else
        {
            Assert.Contains("reads force of the query", (await Assert.ThrowsAsync<InvalidOperationException>(() => run(http))).Message);
        }
    }
}
