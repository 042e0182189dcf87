using System.Net;
using Berth.Server.Database;
using Berth.Server.Operations;
using Berth.Server.Registry;
using Berth.Tests.TestServer;
using Microsoft.Extensions.DependencyInjection;

namespace Berth.Tests.Operations;

public sealed class OperationsTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(null, HttpStatusCode.Unauthorized)]
    [InlineData("wrong-token-wrong-token", HttpStatusCode.Unauthorized)]
    [InlineData(BerthServer.AdminToken, HttpStatusCode.OK)]
    public async Task Metrics_from_elsewhere_need_a_site_administrators_token(string? token, HttpStatusCode expected)
    {
        await using var server = await BerthServer.StartAsync(manualClock: false, "BERTH_TRUSTED_PROXIES=127.0.0.1");
        using var client = server.Client(token);
        client.DefaultRequestHeaders.Add("X-Forwarded-For", "203.0.113.9");
        Assert.Equal(expected, (await client.GetAsync("/metrics", Token)).StatusCode);
    }

    [Fact]
    public async Task It_is_ready_while_database_and_blob_store_can_be_used()
    {
        await using var server = await BerthServer.StartAsync();
        using var client = server.Client();
        Assert.Equal("ok\n", await client.GetStringAsync("/readyz", Token));
        var uploads = Path.Combine(server.Data, "blobs", "uploads");
        Directory.Move(uploads, uploads + "-away");
        var without = await client.GetAsync("/readyz", Token);
        Assert.Equal(HttpStatusCode.ServiceUnavailable, without.StatusCode);
        Assert.Equal("the blob store cannot be used: DirectoryNotFoundException\n", await without.Content.ReadAsStringAsync(Token));
        Assert.Equal(HttpStatusCode.OK, (await client.GetAsync("/healthz", Token)).StatusCode);
        Directory.Move(uploads + "-away", uploads);
        Assert.Equal(HttpStatusCode.OK, (await client.GetAsync("/readyz", Token)).StatusCode);
    }

    [Fact]
    public async Task It_is_not_ready_until_it_has_warmed_up_at_its_own_routes()
    {
        await using var server = await BerthServer.StartAsync();
        using var client = server.Client();
        server.Services.GetRequiredService<Opening>().StayUnready();
        Assert.Equal(HttpStatusCode.ServiceUnavailable, (await client.GetAsync("/readyz", Token)).StatusCode);
        Assert.Equal(HttpStatusCode.OK, (await client.GetAsync("/healthz", Token)).StatusCode);

        await server.Services.GetRequiredService<WarmUp>().RunAsync(Token);

        Assert.Equal(HttpStatusCode.OK, (await client.GetAsync("/readyz", Token)).StatusCode);
        var metrics = await client.GetStringAsync("/metrics", Token);
        Assert.Contains("http_route=\"/v2/{name}/manifests/{reference}\"", metrics, StringComparison.Ordinal);
        Assert.Contains("http_response_status_code=\"404\"", metrics, StringComparison.Ordinal);
        Assert.DoesNotContain("http_response_status_code=\"401\"", metrics, StringComparison.Ordinal);
    }

    [Fact]
    public async Task It_is_not_ready_while_the_blob_store_cannot_be_written()
    {
        await using var server = await BerthServer.StartAsync();
        using var client = server.Client();
        var probe = Path.Combine(server.Data, "blobs", "uploads", ".ready");
        Assert.Equal(HttpStatusCode.OK, (await client.GetAsync("/readyz", Token)).StatusCode);
        Assert.Equal(1, new FileInfo(probe).Length);
        Assert.Equal(HttpStatusCode.OK, (await client.GetAsync("/readyz", Token)).StatusCode);
        Assert.Equal(1, new FileInfo(probe).Length);

        // A folder with the file's name makes the write fail even for root.
        File.Delete(probe);
        Directory.CreateDirectory(probe);
        Assert.Equal(HttpStatusCode.ServiceUnavailable, (await client.GetAsync("/readyz", Token)).StatusCode);
        Directory.Delete(probe);
        Assert.Equal(HttpStatusCode.OK, (await client.GetAsync("/readyz", Token)).StatusCode);
    }

    [Fact]
    public async Task A_failed_login_leaves_what_is_known_about_access_alone()
    {
        await using var server = await BerthServer.StartAsync();
        var db = server.Services.GetRequiredService<Db>();
        var before = await db.GenerationAsync(Token);
        using var wrong = server.Client("no-such-token-anywhere");
        Assert.Equal(HttpStatusCode.Unauthorized, (await wrong.GetAsync("/v2/", Token)).StatusCode);
        var after = await db.GenerationAsync(Token);
        if (!TestDatabase.IsPostgres)
        {
            Assert.Equal(before.OfAccess, after.OfAccess);
            Assert.True(after.All > before.All);
        }
    }

    [Fact]
    public async Task Every_answer_has_a_request_id_and_nothing_is_sniffed()
    {
        await using var server = await BerthServer.StartAsync();
        using var client = server.Client();
        foreach (var path in new[] { "/v2/", "/healthz", "/nowhere", "/api/v3/nowhere" })
        {
            var answer = await client.GetAsync(path, Token);
            Assert.Matches("^[0-9a-f]{12}$", answer.Headers.GetValues("X-Request-Id").Single());
            Assert.Equal(["nosniff"], answer.Headers.GetValues("X-Content-Type-Options"));
        }
    }

    [Fact]
    public async Task Stopping_finishes_requests_in_flight()
    {
        await using var server = await BerthServer.StartAsync();
        using var client = server.Client();
        var body = new PausingContent();
        using var request = new HttpRequestMessage(HttpMethod.Post, "/token") { Content = body };

        // The body begins only when the server asks for it, so the request has certainly arrived then.
        request.Headers.ExpectContinue = true;
        var answer = client.SendAsync(request, Token);
        await body.Began;
        var stopping = server.StopAsync();
        body.Continue();
        Assert.Equal(HttpStatusCode.BadRequest, (await answer).StatusCode);
        await stopping;
    }

    /// <summary>A form of which half is sent until the test continues it.</summary>
    private sealed class PausingContent : HttpContent
    {
        private readonly TaskCompletionSource _began = new();
        private readonly TaskCompletionSource _continue = new();

        public PausingContent() => Headers.ContentType = new("application/x-www-form-urlencoded");

        public Task Began => _began.Task;

        public void Continue() => _continue.TrySetResult();

        protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context)
        {
            await stream.WriteAsync("grant_type="u8.ToArray());
            await stream.FlushAsync();
            _began.TrySetResult();
            await _continue.Task;
            await stream.WriteAsync("refresh_token"u8.ToArray());
        }

        protected override bool TryComputeLength(out long length)
        {
            length = 0;
            return false;
        }
    }
}
