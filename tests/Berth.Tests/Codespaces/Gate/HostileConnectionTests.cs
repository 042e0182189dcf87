namespace Berth.Tests.Codespaces.Gate;

/// <summary>Bytes on the gate's socket that two readers could take for different requests: none of them reaches the engine.</summary>
[Trait("Suite", "hostile")]
public sealed class HostileConnectionTests
{
    private const string Own = ScriptedEngine.Own;

    [Theory]

    // Requests that two servers cut at different places: CWE-444; CVE-2024-41110 was a length of zero before a body.
    [InlineData(
        "two lengths", "POST /v1.41/containers/create HTTP/1.1\r\nHost: docker\r\nContent-Length: 2\r\nContent-Length: 20\r\n\r\n{}")]
    [InlineData(
        "a length and chunks",
        "POST /v1.41/containers/create HTTP/1.1\r\nHost: docker\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n")]
    [InlineData(
        "an unknown encoding",
        "POST /v1.41/containers/create HTTP/1.1\r\nHost: docker\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n")]
    [InlineData("a negative length", "POST /v1.41/containers/create HTTP/1.1\r\nHost: docker\r\nContent-Length: -1\r\n\r\n")]
    [InlineData("a signed length", "POST /v1.41/containers/create HTTP/1.1\r\nHost: docker\r\nContent-Length: +2\r\n\r\n{}")]
    [InlineData("a broken chunk", "POST /v1.41/containers/create HTTP/1.1\r\nHost: docker\r\nTransfer-Encoding: chunked\r\n\r\n-1\r\n\r\n")]
    [InlineData(
        "a chunk with an extension",
        "POST /v1.41/containers/create HTTP/1.1\r\nHost: docker\r\nTransfer-Encoding: chunked\r\n\r\n0;a=b\r\n\r\n")]
    [InlineData("a body that is too large", "POST /v1.41/containers/create HTTP/1.1\r\nHost: docker\r\nContent-Length: 2000000\r\n\r\n")]
    [InlineData(
        "a chunk that is too large",
        "POST /v1.41/containers/create HTTP/1.1\r\nHost: docker\r\nTransfer-Encoding: chunked\r\n\r\n7fffffff\r\n")]
    [InlineData("a folded header", "GET /v1.41/info HTTP/1.1\r\nHost: docker\r\n folded\r\n\r\n")]
    [InlineData("a space before the colon", "GET /v1.41/info HTTP/1.1\r\nHost : docker\r\n\r\n")]
    [InlineData("line feeds alone", "GET /v1.41/info HTTP/1.1\nHost: docker\n\n")]
    [InlineData("a carriage return alone", "GET /v1.41/info HTTP/1.1\rX: y\r\nHost: docker\r\n\r\n")]
    [InlineData("another protocol", "GET /v1.41/info HTTP/1.0\r\n\r\n")]
    [InlineData("HTTP/2", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")]
    [InlineData("no version", "GET /v1.41/info\r\n\r\n")]
    [InlineData("an upgrade to something else", "GET /v1.41/info HTTP/1.1\r\nHost: docker\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n")]
    [InlineData(
        "an expectation", "POST /v1.41/containers/create HTTP/1.1\r\nHost: docker\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n")]
    [InlineData("bytes that are no ASCII", "GET /v1.41/inf\u00ff HTTP/1.1\r\nHost: docker\r\n\r\n")]
    public async Task A_request_that_could_be_read_in_two_ways_is_refused(string what, string raw)
    {
        await using var gated = new GatedEngine();
        var answer = await gated.SendAsync(raw);
        Assert.True(answer.Status is 400 or 413 or 417, $"{what}: {answer.Status}");
        Assert.Empty(gated.Engine.Calls);
    }

    [Fact]
    public async Task A_second_request_on_the_same_connection_is_never_read()
    {
        await using var gated = new GatedEngine();
        await gated.SendAsync(
            "GET /v1.41/version HTTP/1.1\r\nHost: docker\r\n\r\nPOST /v1.41/containers/create HTTP/1.1\r\nHost: docker\r\nContent-Length: "
                + "0\r\n\r\n");
        Assert.Equal("/v1.41/version", Assert.Single(gated.Engine.Calls).Target);
    }

    [Fact]
    public async Task A_head_that_is_too_large_is_refused()
    {
        await using var gated = new GatedEngine();
        var answer = await gated.SendAsync($"GET /v1.41/version HTTP/1.1\r\nHost: docker\r\nX: {new string('x', 20_000)}\r\n\r\n");
        Assert.Equal(431, answer.Status);
        Assert.Empty(gated.Engine.Calls);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    public async Task What_follows_an_upgrade_that_the_engine_refuses_is_not_read_as_a_request(int pieces)
    {
        await using var gated = new GatedEngine();
        await gated.SendAsync("POST", $"/v1.41/containers/{Own}/exec", """{"Cmd":["true"]}""");
        gated.Engine.RefusesUpgrades = true;
        const string Start = $"POST /v1.41/exec/{ScriptedEngine.ExecId}/start HTTP/1.1\r\nHost: docker\r\nConnection: Upgrade\r\nUpgrade: "
            + $"tcp\r\nContent-Length: 2\r\n\r\n{{}}";
        const string Smuggled = "POST /v1.41/containers/create HTTP/1.1\r\nHost: docker\r\nContent-Length: 36\r\n\r\n{\"HostConfig\": "
            + "{\"Privileged\": true}}";
        await using var stream = await gated.OpenAsync();
        foreach (var piece in pieces == 0 ? [Start + Smuggled] : new[] { Start, Smuggled })
        {
            await stream.WriteAsync(System.Text.Encoding.ASCII.GetBytes(piece), TestContext.Current.CancellationToken);
        }

        // Not to the end: bytes that nobody reads make the end of the connection a reset.
        var answer = new byte[4096];
        var read = await stream.ReadAtLeastAsync(answer, 150, throwOnEndOfStream: false, TestContext.Current.CancellationToken);
        Assert.Contains("has ended", System.Text.Encoding.ASCII.GetString(answer, 0, read), StringComparison.Ordinal);
        await gated.SendAsync("GET", "/_ping");
        Assert.DoesNotContain(gated.Engine.Calls, call => call.Target.Contains("create", StringComparison.Ordinal));
    }
}
