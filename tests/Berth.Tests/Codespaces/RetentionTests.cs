using System.Net;
using System.Net.Http.Json;
using Berth.Server.Codespaces;
using Berth.Tests.Access;
using Berth.Tests.TestServer;
using Microsoft.Extensions.DependencyInjection;

namespace Berth.Tests.Codespaces;

/// <summary>
/// How long codespaces are kept, by a clock that the test moves. The codespace of each test fails, because there is no engine.
/// </summary>
public sealed class RetentionTests
{
    [Fact]
    public async Task A_codespace_that_stands_still_is_deleted_after_its_retention_and_not_before()
    {
        await using var server = await BerthServer.StartAsync(manualClock: true, "BERTH_DOCKER_HOST=unix:///nonexistent/docker.sock");
        var seed = new Seed(server);
        var ada = await seed.UserAsync("ada");
        await seed.RepositoryAsync(ada.UserId, "app");
        using var client = server.Client(await server.TokenAsync(ada.Login, "codespace"));
        var (kept, brief) = (await FailedAsync(client, ada.Login, 5 * 24 * 60), await FailedAsync(client, ada.Login, 0));

        // Its log is kept for at least a day.
        await LookAsync(server, TimeSpan.FromHours(23));
        Assert.Equal(HttpStatusCode.OK, await StatusAsync(client, brief));
        await LookAsync(server, TimeSpan.FromHours(2));
        Assert.Equal(HttpStatusCode.NotFound, await StatusAsync(client, brief));
        Assert.Equal(HttpStatusCode.OK, await StatusAsync(client, kept));

        // A new retention counts from the last stop, whether it is longer or shorter.
        await ChangeAsync(client, kept, 10 * 24 * 60);
        await LookAsync(server, TimeSpan.FromDays(6));
        Assert.Equal(HttpStatusCode.OK, await StatusAsync(client, kept));
        await ChangeAsync(client, kept, 2 * 24 * 60);
        await LookAsync(server, TimeSpan.FromSeconds(1));
        Assert.Equal(HttpStatusCode.NotFound, await StatusAsync(client, kept));
    }

    private static async Task<string> FailedAsync(HttpClient client, string login, int retention)
    {
        var created = await CodespaceServer.CreateAsync(client, $"{login}/app", new { retention_period_minutes = retention });
        var name = created.GetProperty("name").GetString()!;
        await CodespaceServer.LogAsync(client, name);
        Assert.Equal(
            "Failed", (await CodespaceServer.GetAsync(client, "/api/v3/user/codespaces/" + name)).GetProperty("state").GetString());
        return name;
    }

    private static async Task ChangeAsync(HttpClient client, string name, int retention)
    {
        using var response = await client.PatchAsJsonAsync(
            "/api/v3/user/codespaces/" + name, new { retention_period_minutes = retention }, TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
    }

    private static async Task LookAsync(BerthServer server, TimeSpan later)
    {
        server.Clock!.Advance(later);
        await server.Services.GetRequiredService<Reconciler>().RunOnceAsync(TestContext.Current.CancellationToken);
    }

    private static async Task<HttpStatusCode> StatusAsync(HttpClient client, string name)
    {
        using var response = await client.GetAsync(
            new Uri("/api/v3/user/codespaces/" + name, UriKind.Relative), TestContext.Current.CancellationToken);
        return response.StatusCode;
    }
}
