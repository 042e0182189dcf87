using System.Net;
using System.Text.Json;
using Berth.Tests.TestServer;

namespace Berth.Tests.Packages;

/// <summary>Versions over REST: what a list says, soft deletion, and restoring a graph.</summary>
public sealed class VersionTests(SharedServer shared)
{

    [Fact]
    public async Task Every_manifest_is_a_version_with_the_tags_that_point_at_it_now()
    {
        var ada = await shared.Server.UserAsync();
        var first = await ada.PushAsync($"{ada.Login}/web", "1");
        var second = await ada.PushAsync($"{ada.Login}/web", "1", "\"n\":\"2\"");
        await ada.PushAsync($"{ada.Login}/web", "latest", "\"n\":\"2\"");
        var versions = await ListAsync(ada);
        Assert.Equal([second, first], versions.Select(v => v.GetProperty("name").GetString()));
        Assert.Equal(
            """{"package_type":"container","container":{"tags":["1","latest"]}}""", versions[0].GetProperty("metadata").GetRawText());
        Assert.Equal("""{"package_type":"container","container":{"tags":[]}}""", versions[1].GetProperty("metadata").GetRawText());
        var id = versions[0].GetProperty("id").GetInt64();
        var one = await ada.DoAsync("GET", $"/user/packages/container/web/versions/{id}");
        Assert.Equal(second, one["name"].GetString());
        Assert.EndsWith($"/packages/container/web/versions/{id}", one["url"].GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_deleted_version_is_gone_with_its_tags_and_comes_back_with_them()
    {
        var ada = await shared.Server.UserAsync();
        await ada.PushAsync($"{ada.Login}/web", "1");
        await ada.PushAsync($"{ada.Login}/web", "2", "\"n\":\"2\"");
        var id = await IdAsync(ada, "1");
        Assert.Equal(HttpStatusCode.NoContent, (await ada.SendAsync("DELETE", $"/user/packages/container/web/versions/{id}")).Status);
        Assert.Equal(HttpStatusCode.NotFound, await ada.PullAsync($"{ada.Login}/web", "1"));
        Assert.Equal(HttpStatusCode.NotFound, (await ada.GetAsync($"/user/packages/container/web/versions/{id}")).Status);
        var deleted = (await ada.DoAsync("GET", "/user/packages/container/web/versions?state=deleted")).Json[0];
        Assert.Equal(id, deleted.GetProperty("id").GetInt64());
        Assert.NotEqual(JsonValueKind.Undefined, deleted.GetProperty("deleted_at").ValueKind);
        Assert.Equal(HttpStatusCode.NoContent, (await ada.SendAsync("POST", $"/user/packages/container/web/versions/{id}/restore")).Status);
        Assert.Equal(HttpStatusCode.OK, await ada.PullAsync($"{ada.Login}/web", "1"));
    }

    [Fact]
    public async Task Restoring_never_moves_a_tag_that_moved_on()
    {
        var ada = await shared.Server.UserAsync();
        var first = await ada.PushAsync($"{ada.Login}/web", "1");
        await ada.PushAsync($"{ada.Login}/web", "2", "\"n\":\"2\"");
        var id = await IdAsync(ada, "1");
        await ada.DoAsync("DELETE", $"/user/packages/container/web/versions/{id}");
        var moved = await ada.PushAsync($"{ada.Login}/web", "1", "\"n\":\"3\"");
        await ada.DoAsync("POST", $"/user/packages/container/web/versions/{id}/restore");
        var versions = await ListAsync(ada);
        Assert.Equal("[\"1\"]", Tags(versions, moved));
        Assert.Equal("[]", Tags(versions, first));
    }

    [Fact]
    public async Task A_digest_that_was_pushed_again_needs_no_restoring()
    {
        var ada = await shared.Server.UserAsync();
        await ada.PushAsync($"{ada.Login}/web", "1");
        await ada.PushAsync($"{ada.Login}/web", "2", "\"n\":\"2\"");
        var id = await IdAsync(ada, "1");
        await ada.DoAsync("DELETE", $"/user/packages/container/web/versions/{id}");
        await ada.PushAsync($"{ada.Login}/web", "1");
        Assert.NotEqual(id, await IdAsync(ada, "1"));
        Assert.Equal(
            HttpStatusCode.UnprocessableEntity,
            (await ada.SendAsync("POST", $"/user/packages/container/web/versions/{id}/restore")).Status);
    }

    [Fact]
    public async Task An_index_comes_back_with_its_platforms_and_what_refers_to_it()
    {
        var ada = await shared.Server.UserAsync();
        await ada.PushAsync($"{ada.Login}/web", "keep", "\"n\":\"keep\"");
        var platform = await ada.PushAsync($"{ada.Login}/web", "tmp", "\"n\":\"amd64\"");
        var index = await ada.PushIndexAsync($"{ada.Login}/web", "multi", platform);
        var signature = await ada.PushAsync($"{ada.Login}/web", "sig", "\"n\":\"sig\"", subject: index);
        var (platformId, indexId, signatureId) = (
            await IdOfAsync(ada, platform), await IdOfAsync(ada, index), await IdOfAsync(ada, signature));
        var child = await ada.SendAsync("DELETE", $"/user/packages/container/web/versions/{platformId}");
        Assert.Equal(HttpStatusCode.UnprocessableEntity, child.Status);
        Assert.Contains(index, child.Message, StringComparison.Ordinal);
        foreach (var id in new[] { signatureId, indexId, platformId })
        {
            await ada.DoAsync("DELETE", $"/user/packages/container/web/versions/{id}");
        }

        await ada.DoAsync("POST", $"/user/packages/container/web/versions/{indexId}/restore");
        foreach (var reference in new[] { "multi", "tmp", "sig", platform })
        {
            Assert.Equal(HttpStatusCode.OK, await ada.PullAsync($"{ada.Login}/web", reference));
        }
    }

    [Fact]
    public async Task A_part_of_a_live_index_is_deleted_when_forced()
    {
        var ada = await shared.Server.UserAsync();
        var platform = await ada.PushAsync($"{ada.Login}/web", "tmp", "\"n\":\"amd64\"");
        await ada.PushIndexAsync($"{ada.Login}/web", "multi", platform);
        await ada.DoAsync("DELETE", $"/user/packages/container/web/versions/{await IdOfAsync(ada, platform)}?force=true");
        Assert.Equal(HttpStatusCode.NotFound, await ada.PullAsync($"{ada.Login}/web", platform));
    }

    [Fact]
    public async Task The_last_version_goes_with_its_package_only()
    {
        var ada = await shared.Server.UserAsync();
        await ada.PushAsync($"{ada.Login}/web", "1");
        var reply = await ada.SendAsync("DELETE", $"/user/packages/container/web/versions/{await IdAsync(ada, "1")}");
        Assert.Equal(HttpStatusCode.BadRequest, reply.Status);
        Assert.Contains("delete the package instead", reply.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Deleted_versions_are_shown_to_admins()
    {
        var ada = await shared.Server.UserAsync();
        var bob = await shared.Server.UserAsync("bob");
        await ada.PushAsync($"{ada.Login}/web", "1");
        await ada.DoAsync("PUT", $"/user/packages/container/web/access/users/{bob.Login}", """{"role":"read"}""");
        Assert.Equal(
            HttpStatusCode.Forbidden, (await bob.GetAsync($"/users/{ada.Login}/packages/container/web/versions?state=deleted")).Status);
        await bob.DoAsync("GET", $"/users/{ada.Login}/packages/container/web/versions");
    }

    private static async Task<List<JsonElement>> ListAsync(Person person) =>
        [.. (await person.DoAsync("GET", "/user/packages/container/web/versions")).Json.EnumerateArray()];

    private static async Task<long> IdAsync(Person person, string tag) => (await ListAsync(person))
        .Single(v => v.GetProperty("metadata").GetProperty("container").GetProperty("tags").EnumerateArray().Any(t => t.GetString() == tag))
        .GetProperty("id")
        .GetInt64();

    private static async Task<long> IdOfAsync(Person person, string digest) =>
        (await ListAsync(person)).Single(v => v.GetProperty("name").GetString() == digest).GetProperty("id").GetInt64();

    private static string Tags(List<JsonElement> versions, string digest) =>
        versions.Single(v => v.GetProperty("name").GetString() == digest)
            .GetProperty("metadata")
            .GetProperty("container")
            .GetProperty("tags")
            .GetRawText();
}
