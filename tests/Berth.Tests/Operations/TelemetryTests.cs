using System.Net;
using System.Text;
using Berth.Tests.TestServer;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Berth.Tests.Operations;

public sealed class TelemetryTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Metrics_are_sent_to_the_collector_that_the_environment_names()
    {
        var sent = new TaskCompletionSource<string>(TaskCreationOptions.RunContinuationsAsynchronously);
        var builder = WebApplication.CreateSlimBuilder(["--urls=http://127.0.0.1:0"]);
        builder.Logging.ClearProviders();
        await using var collector = builder.Build();
        collector.MapPost("/v1/metrics", async (HttpRequest request) =>
        {
            using var body = new MemoryStream();
            await request.Body.CopyToAsync(body, Token);
            var text = Encoding.Latin1.GetString(body.ToArray());
            if (text.Contains("berth.login.failures", StringComparison.Ordinal))
            {
                sent.TrySetResult(text);
            }

            return Results.Ok();
        });
        await collector.StartAsync(Token);
        var address = collector.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single();
        await using var server = await BerthServer.StartAsync(
            manualClock: false, $"OTEL_EXPORTER_OTLP_ENDPOINT={address}", "OTEL_EXPORTER_OTLP_PROTOCOL=http/protobuf",
            "OTEL_METRIC_EXPORT_INTERVAL=50",
            "OTEL_SERVICE_NAME=berth-of-the-test");
        using var wrong = server.Client("no-such-token-anywhere");
        Assert.Equal(HttpStatusCode.Unauthorized, (await wrong.GetAsync("/v2/", Token)).StatusCode);
        var text = await sent.Task.WaitAsync(Token);
        Assert.Contains("berth-of-the-test", text, StringComparison.Ordinal);
    }
}
