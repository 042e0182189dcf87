using System.Net;
using Berth.Tests.TestServer;

namespace Berth.Tests;

public sealed class StartTests(SharedServer shared)
{
    [Theory]
    [InlineData("/healthz")]
    [InlineData("/readyz")]
    public async Task A_started_server_is_alive_and_ready(string path)
    {
        using var client = shared.Server.Client();
        Assert.Equal(HttpStatusCode.OK, (await client.GetAsync(path, TestContext.Current.CancellationToken)).StatusCode);
    }
}
