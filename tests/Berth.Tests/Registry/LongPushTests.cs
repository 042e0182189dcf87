using System.Text;
using Berth.Tests.TestServer;

namespace Berth.Tests.Registry;

/// <summary>A push that takes longer than its registry token is valid (5 minutes). Clients renew the token and continue.</summary>
public sealed class LongPushTests : IAsyncLifetime
{
    private BerthServer _server = null!;

    public async ValueTask InitializeAsync() => _server = await BerthServer.StartAsync(manualClock: true);

    public ValueTask DisposeAsync() => _server.DisposeAsync();

    [Fact]
    public async Task A_push_that_lasts_longer_than_its_token_goes_on_with_the_next_one()
    {
        var (login, password) = await People.UserAsync(_server);
        var name = $"{login}/slow";
        var content = TestRepository.Random(3 * 64 * 1024);
        var chunks = content.Chunk(64 * 1024).ToArray();
        var digest = TestRepository.Sha256(content);

        using var first = new TestRepository(_server, name, await TokenAsync(name, login, password));
        var location = await first.StartAsync();
        location = await PatchAsync(first, location, chunks[0]);
        _server.Clock!.Advance(TimeSpan.FromMinutes(6));

        var refused = await first.SendAsync("PATCH", location, chunks[1], "application/octet-stream");
        Assert.Equal(401, refused.Status);
        Assert.Contains($"scope=\"repository:{name}:", refused.Header("WWW-Authenticate"), StringComparison.Ordinal);
        Assert.Contains("error=\"invalid_token\"", refused.Header("WWW-Authenticate"), StringComparison.Ordinal);

        using var second = new TestRepository(_server, name, await TokenAsync(name, login, password));
        location = await PatchAsync(second, location, chunks[1]);
        _server.Clock.Advance(TimeSpan.FromMinutes(6));
        using var third = new TestRepository(_server, name, await TokenAsync(name, login, password));
        location = await PatchAsync(third, location, chunks[2]);
        var separator = location.Contains('?', StringComparison.Ordinal) ? '&' : '?';
        Assert.Equal(201, (await third.SendAsync("PUT", $"{location}{separator}digest={digest}", [])).Status);
        Assert.Equal(content, (await third.SendAsync("GET", $"blobs/{digest}")).Body);
    }

    private static async Task<string> PatchAsync(TestRepository repository, string location, byte[] chunk)
    {
        var answer = await repository.SendAsync("PATCH", location, chunk, "application/octet-stream");
        Assert.Equal(202, answer.Status);
        return answer.Header("Location")!;
    }

    private async Task<string> TokenAsync(string name, string login, string password)
    {
        using var client = _server.Client();
        using var request = new HttpRequestMessage(HttpMethod.Get, $"/token?scope=repository:{name}:pull,push");
        request.Headers.Authorization = new("Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes($"{login}:{password}")));
        using var response = await client.SendAsync(request, TestContext.Current.CancellationToken);
        var answer = await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        return System.Text.Json.JsonDocument.Parse(answer).RootElement.GetProperty("token").GetString()!;
    }
}
