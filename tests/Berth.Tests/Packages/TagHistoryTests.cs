using System.Net;
using System.Text.Json;
using Berth.Tests.TestServer;

namespace Berth.Tests.Packages;

/// <summary>The history of a tag, and the call that moves it back.</summary>
public sealed class TagHistoryTests(SharedServer shared)
{
    private const string Tags = "/user/packages/container/web/tags";

    [Fact]
    public async Task A_tag_moves_back_in_one_call_and_its_history_says_so()
    {
        var ada = await shared.Server.UserAsync();
        var first = await ada.PushAsync($"{ada.Login}/web", "1");
        var second = await ada.PushAsync($"{ada.Login}/web", "1", "\"n\":\"2\"");
        var moved = await ada.DoAsync("PUT", $"{Tags}/1", $$"""{"version":"{{first}}"}""");
        Assert.Equal(first, moved["name"].GetString());
        Assert.Equal("[\"1\"]", moved["tags"].GetRawText());
        Assert.Equal([(second, first), (first, second), (null, first)], await MovesAsync(ada, "1"));
        Assert.All(
            (await ada.DoAsync("GET", $"{Tags}/1/history")).Json.EnumerateArray(),
            move => Assert.Equal((ada.Login, "live"), (move.GetProperty("actor").GetString(), move.GetProperty("state").GetString())));
        using var client = shared.Server.Client(ada.Token);
        using var head = await client.SendAsync(
            new HttpRequestMessage(HttpMethod.Head, $"/v2/{ada.Login}/web/manifests/1"), TestContext.Current.CancellationToken);
        Assert.Equal(first, head.Headers.GetValues("Docker-Content-Digest").Single());
    }

    [Fact]
    public async Task A_new_tag_needs_no_push()
    {
        var ada = await shared.Server.UserAsync();
        var first = await ada.PushAsync($"{ada.Login}/web", "1");
        await ada.DoAsync("PUT", $"{Tags}/stable", $$"""{"version":"{{first}}"}""");
        Assert.Equal(HttpStatusCode.OK, await ada.PullAsync($"{ada.Login}/web", "stable"));
        Assert.Equal([(null, first)], await MovesAsync(ada, "stable"));
    }

    [Fact]
    public async Task A_deleted_version_is_restored_before_a_tag_moves_to_it()
    {
        var ada = await shared.Server.UserAsync();
        var first = await ada.PushAsync($"{ada.Login}/web", "1");
        await ada.PushAsync($"{ada.Login}/web", "1", "\"n\":\"2\"");
        var id = (await ada.DoAsync("GET", "/user/packages/container/web/versions")).Json[1].GetProperty("id").GetInt64();
        await ada.DoAsync("DELETE", $"/user/packages/container/web/versions/{id}");
        var refused = await ada.SendAsync("PUT", $"{Tags}/1", $$"""{"version":"{{first}}"}""");
        Assert.Equal(HttpStatusCode.UnprocessableEntity, refused.Status);
        Assert.Contains($"versions/{id}/restore", refused.Message, StringComparison.Ordinal);
        Assert.Equal(
            "deleted", (await ada.DoAsync("GET", $"{Tags}/1/history")).Json[1].GetProperty("state").GetString());
        await ada.DoAsync("POST", $"/user/packages/container/web/versions/{id}/restore");
        await ada.DoAsync("PUT", $"{Tags}/1", $$"""{"version":"{{first}}"}""");
    }

    [Theory]
    [InlineData("1", """{"version":"sha256:0000000000000000000000000000000000000000000000000000000000000000"}""")]
    [InlineData("-no-tag", """{"version":"sha256:0000000000000000000000000000000000000000000000000000000000000000"}""")]
    [InlineData("1", "{}")]
    public async Task What_is_no_tag_or_no_version_of_the_package_is_422(string tag, string body)
    {
        var ada = await shared.Server.UserAsync();
        await ada.PushAsync($"{ada.Login}/web", "1");
        Assert.Equal(HttpStatusCode.UnprocessableEntity, (await ada.SendAsync("PUT", $"{Tags}/{tag}", body)).Status);
    }

    [Fact]
    public async Task Readers_see_the_moves_and_writers_who_made_them()
    {
        var ada = await shared.Server.UserAsync();
        var bob = await shared.Server.UserAsync("bob");
        var first = await ada.PushAsync($"{ada.Login}/web", "1");
        var path = $"/users/{ada.Login}/packages/container/web";
        await ada.DoAsync("PUT", $"{path}/access/users/{bob.Login}", """{"role":"read"}""");
        Assert.False((await bob.DoAsync("GET", $"{path}/tags/1/history")).Json[0].TryGetProperty("actor", out _));
        Assert.Equal(HttpStatusCode.Forbidden, (await bob.SendAsync("PUT", $"{path}/tags/2", $$"""{"version":"{{first}}"}""")).Status);
        await ada.DoAsync("PUT", $"{path}/access/users/{bob.Login}", """{"role":"write"}""");
        Assert.Equal(ada.Login, (await bob.DoAsync("GET", $"{path}/tags/1/history")).Json[0].GetProperty("actor").GetString());
        await bob.DoAsync("PUT", $"{path}/tags/2", $$"""{"version":"{{first}}"}""");
    }

    private static async Task<List<(string? From, string? To)>> MovesAsync(Person person, string tag) =>
    [
        .. (await person.DoAsync("GET", $"{Tags}/{tag}/history")).Json.EnumerateArray()
            .Select(move => (Text(move, "from"), Text(move, "to"))),
    ];

    private static string? Text(JsonElement move, string property) =>
        move.TryGetProperty(property, out var value) ? value.GetString() : null;
}
