using Berth.Server.Faults;
using Berth.Server.Registries.Remote;
using Microsoft.AspNetCore.Http;

namespace Berth.Tests.Registries.Remote;

/// <summary>Failures that may pass are retried, and others are reported at once.</summary>
public sealed class RetryTests : IAsyncLifetime
{
    private const string Host = "registry.example.org";
    private TestInternet? _internet;

    private TestInternet Internet => _internet!;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => _internet = await TestInternet.StartAsync();

    public async ValueTask DisposeAsync() => await Internet.DisposeAsync();

    [Theory]
    [InlineData(500)]
    [InlineData(502)]
    [InlineData(503)]
    [InlineData(504)]
    [InlineData(0)]
    public async Task A_registry_that_fails_twice_is_asked_a_third_time(int status)
    {
        var answer = await AskAsync(http => Internet.Requests.Count <= 2 ? Fail(http, status) : http.Response.WriteAsync("{}"));
        Assert.True(answer.Ok, answer.Fault?.Message);
    }

    [Theory]
    [InlineData(503)]
    [InlineData(0)]
    public async Task A_registry_that_goes_on_failing_is_asked_three_times(int status)
    {
        var answer = await AskAsync(http => Fail(http, status));
        Assert.Equal(FaultKind.Unreachable, answer.Fault?.Kind);
        Assert.Equal(3, Internet.Requests.Count);
    }

    [Theory]
    [InlineData(429, null, FaultKind.RateLimited)]
    [InlineData(404, null, FaultKind.Unusable)]
    [InlineData(501, null, FaultKind.Unreachable)]
    [InlineData(503, "60", FaultKind.Unreachable)]
    [InlineData(503, "Fri, 01 Jan 2027 00:00:00 GMT", FaultKind.Unreachable)]
    public async Task What_will_not_change_soon_is_asked_once(int status, string? retryAfter, FaultKind kind)
    {
        var answer = await AskAsync(http =>
        {
            http.Response.Headers.RetryAfter = retryAfter;
            return Fail(http, status);
        });
        Assert.Equal(kind, answer.Fault?.Kind);
        Assert.Single(Internet.Requests);
    }

    private Task<RemoteAnswer<RemoteLogin>> AskAsync(RequestDelegate answer)
    {
        Internet.Serve(Host, answer);
        return Internet.Client().LoginAsync(TestImage.Host(Host), null, offline: false, Cancel);
    }

    /// <summary>Fails with a status, or for 0 by closing the connection.</summary>
    private static Task Fail(HttpContext http, int status)
    {
        if (status == 0)
        {
            http.Abort();
        }
        else
        {
            http.Response.StatusCode = status;
        }

        return Task.CompletedTask;
    }
}
