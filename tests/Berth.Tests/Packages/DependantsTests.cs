using System.Net;
using System.Text.Json;
using Berth.Server.Database;
using Berth.Tests.Codespaces;
using Berth.Tests.TestServer;
using Microsoft.Extensions.DependencyInjection;

namespace Berth.Tests.Packages;

/// <summary>What depends on a version before it is deleted, what is deleted with it, and that all of it can be restored.</summary>
public sealed class DependantsTests(SharedServer shared)
{
    private const string Versions = "/user/packages/container/web/versions";

    [Fact]
    public async Task A_preview_names_what_breaks_what_refers_and_what_goes_along()
    {
        var ada = await shared.Server.UserAsync();
        var world = await MultiAsync(ada);
        var index = (await ada.DoAsync("GET", $"{Versions}/{await IdAsync(ada, world.Index)}/dependants")).Json;
        Assert.Equal("[\"multi\"]", index.GetProperty("tags").GetRawText());
        Assert.Equal([world.Signature], Names(index, "referrers"));
        Assert.Equal([world.Platform, world.Signature], Names(index, "goes_along").Order(StringComparer.Ordinal).ToHashSet());
        Assert.Empty(Names(index, "breaks"));
        var platform = (await ada.DoAsync("GET", $"{Versions}/{await IdAsync(ada, world.Platform)}/dependants")).Json;
        Assert.Equal([world.Index], Names(platform, "breaks"));
        Assert.Empty(Names(platform, "goes_along"));
        var package = (await ada.DoAsync("GET", "/user/packages/container/web/dependants")).Json;
        Assert.Equal(4, package.GetProperty("versions").GetInt32());
        Assert.Equal("[\"keep\",\"multi\"]", package.GetProperty("tags").GetRawText());
    }

    [Fact]
    public async Task An_index_goes_with_its_platforms_and_signatures_and_all_of_it_comes_back()
    {
        var ada = await shared.Server.UserAsync();
        var world = await MultiAsync(ada);
        var id = await IdAsync(ada, world.Index);
        var deleted = (await ada.DoAsync("DELETE", $"{Versions}/{id}?cascade=true&details=true")).Json;
        Assert.Equal(world.Index, Names(deleted, "deleted")[0]);
        Assert.Equal(3, Names(deleted, "deleted").Count);
        foreach (var reference in new[] { "multi", world.Platform, world.Signature })
        {
            Assert.Equal(HttpStatusCode.NotFound, await ada.PullAsync($"{ada.Login}/web", reference));
        }

        var restored = (await ada.DoAsync("POST", $"{Versions}/{id}/restore?details=true")).Json;
        Assert.Equal(3, Names(restored, "restored").Count);
        Assert.Empty(restored.GetProperty("tags_elsewhere").EnumerateArray());
        foreach (var reference in new[] { "multi", world.Platform, world.Signature })
        {
            Assert.Equal(HttpStatusCode.OK, await ada.PullAsync($"{ada.Login}/web", reference));
        }
    }

    [Fact]
    public async Task A_platform_with_a_tag_or_in_another_index_stays()
    {
        var ada = await shared.Server.UserAsync();
        await ada.PushAsync($"{ada.Login}/web", "keep", "\"n\":\"keep\"");
        var tagged = await ada.PushAsync($"{ada.Login}/web", "amd64", "\"n\":\"amd64\"");
        var index = await ada.PushIndexAsync($"{ada.Login}/web", "multi", tagged);
        await ada.DoAsync("DELETE", $"{Versions}/{await IdAsync(ada, index)}?cascade=true");
        Assert.Equal(HttpStatusCode.OK, await ada.PullAsync($"{ada.Login}/web", "amd64"));
    }

    [Fact]
    public async Task A_signature_under_a_tag_of_the_old_kind_goes_and_comes_back_with_what_it_signs()
    {
        var ada = await shared.Server.UserAsync();
        await ada.PushAsync($"{ada.Login}/web", "keep", "\"n\":\"keep\"");
        var image = await ada.PushAsync($"{ada.Login}/web", "1", "\"n\":\"1\"");
        var tag = image.Replace(':', '-') + ".sig";
        await ada.PushAsync($"{ada.Login}/web", tag, "\"n\":\"signature\"");
        var id = await IdAsync(ada, image);
        await ada.DoAsync("DELETE", $"{Versions}/{id}?cascade=true");
        Assert.Equal(HttpStatusCode.NotFound, await ada.PullAsync($"{ada.Login}/web", tag));
        await ada.DoAsync("POST", $"{Versions}/{id}/restore");
        Assert.Equal(HttpStatusCode.OK, await ada.PullAsync($"{ada.Login}/web", tag));
    }

    [Fact]
    public async Task A_cascade_over_everything_leaves_the_last_to_the_package()
    {
        var ada = await shared.Server.UserAsync();
        var platform = await ada.PushAsync($"{ada.Login}/web", "tmp", "\"n\":\"amd64\"");
        var index = await ada.PushIndexAsync($"{ada.Login}/web", "tmp", platform);
        var reply = await ada.SendAsync("DELETE", $"{Versions}/{await IdAsync(ada, index)}?cascade=true");
        Assert.Equal(HttpStatusCode.BadRequest, reply.Status);
        Assert.Equal(HttpStatusCode.OK, await ada.PullAsync($"{ada.Login}/web", platform));
    }

    [Fact]
    public async Task A_refusal_names_every_index_that_would_break_with_its_tags()
    {
        var ada = await shared.Server.UserAsync();
        var world = await MultiAsync(ada);
        var reply = await ada.SendAsync("DELETE", $"{Versions}/{await IdAsync(ada, world.Platform)}");
        Assert.Equal(HttpStatusCode.UnprocessableEntity, reply.Status);
        Assert.Contains($"{world.Index} (tagged multi)", reply.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_restoration_says_which_tags_did_not_come_back()
    {
        var ada = await shared.Server.UserAsync();
        await ada.PushAsync($"{ada.Login}/web", "1");
        await ada.PushAsync($"{ada.Login}/web", "keep", "\"n\":\"keep\"");
        var id = await IdAsync(ada, await DigestAsync(ada, "1"));
        await ada.DoAsync("DELETE", $"{Versions}/{id}");
        var moved = await ada.PushAsync($"{ada.Login}/web", "1", "\"n\":\"3\"");
        var restored = (await ada.DoAsync("POST", $"{Versions}/{id}/restore?details=true")).Json;
        Assert.Equal($$"""[{"tag":"1","version":"{{moved}}"}]""", restored.GetProperty("tags_elsewhere").GetRawText());
    }

    [Fact]
    public async Task Codespaces_that_run_a_version_are_named_to_those_who_may_know_of_them()
    {
        await using var server = await BerthServer.StartAsync(manualClock: false, "BERTH_DOCKER_HOST=unix:///nonexistent/docker.sock");
        var ada = await server.UserAsync();
        var bob = await server.UserAsync("bob");
        await ada.PushAsync($"{ada.Login}/web", "keep", "\"n\":\"keep\"");
        var image = await ada.PushAsync($"{ada.Login}/web", "1");
        var own = await RunningAsync(ada, image);
        await RunningAsync(bob, image, ada.Login);
        var shown = (await ada.DoAsync("GET", $"{Versions}/{await IdAsync(ada, image)}/dependants")).Json;
        Assert.Equal([own], Names(shown, "codespaces"));
        Assert.Equal(1, shown.GetProperty("other_codespaces").GetInt32());
        var other = await ada.DoAsync("GET", $"{Versions}/{await IdAsync(ada, await DigestAsync(ada, "keep"))}/dependants");
        Assert.Empty(Names(other.Json, "codespaces"));
        Assert.Equal([own], Names((await ada.DoAsync("GET", "/user/packages/container/web/dependants")).Json, "codespaces"));
    }

    [Fact]
    public async Task Images_that_were_built_upon_it_are_named_to_those_who_may_read_them()
    {
        var ada = await shared.Server.UserAsync();
        var bob = await shared.Server.UserAsync("bob");
        await ada.PushAsync($"{ada.Login}/web", "keep", "\"n\":\"keep\"");
        var image = await ada.PushAsync($"{ada.Login}/web", "1");
        var upon = $"\"org.opencontainers.image.base.digest\":\"{image}\"";
        var name = $"{shared.Server.Host}/{ada.Login}/web:1";
        var built = await ada.PushAsync($"{ada.Login}/app", "2", $"{upon},\"org.opencontainers.image.base.name\":\"{name}\"");
        await ada.PushAsync($"{ada.Login}/elsewhere", "3", $"{upon},\"org.opencontainers.image.base.name\":\"registry.test/web:1\"");
        await bob.PushAsync($"{bob.Login}/secret", "4", upon);
        foreach (var path in new[] { $"{Versions}/{await IdAsync(ada, image)}", "/user/packages/container/web" })
        {
            var shown = await ada.DoAsync("GET", path + "/dependants");
            Assert.Equal(
                $$"""[{"package":"{{ada.Login}}/app","version":"{{built}}","tags":["2"]}]""", shown["built_upon"].GetRawText());
            Assert.Equal(1, shown["other_built_upon"].GetInt32());
            Assert.DoesNotContain("secret", shown.Body, StringComparison.Ordinal);
        }

        // This is shown, and does not prevent the deletion, since the built image has its own layers.
        await ada.DoAsync("DELETE", $"{Versions}/{await IdAsync(ada, image)}");
        Assert.Equal(HttpStatusCode.OK, await ada.PullAsync($"{ada.Login}/app", "2"));
    }

    /// <summary>A codespace of the person's own repository whose container was made from an image of <paramref name="owner"/>.</summary>
    private static async Task<string> RunningAsync(Person person, string digest, string? owner = null)
    {
        var repository = await person.RepositoryAsync(person.Login);
        var name = (await person.DoAsync("POST", $"/repos/{repository}/codespaces", "{}"))["name"].GetString()!;
        using var client = person.Server.Client(person.Token);
        await CodespaceServer.LogAsync(client, name);
        var host = new Uri(person.Server.Services.GetRequiredService<Server.Http.AddressOptions>().RegistryOrigin).Authority;
        await person.Server.Services.GetRequiredService<Db>().WriteAsync(
            session => session.ExecuteAsync(
                "update codespaces set image = @image where name = @name",
                new { name, image = $"{host}/{owner ?? person.Login}/web@{digest}" }),
            TestContext.Current.CancellationToken);
        return name;
    }

    /// <summary>A signed index of one untagged platform, beside another version.</summary>
    private static async Task<(string Platform, string Index, string Signature)> MultiAsync(Person ada)
    {
        await ada.PushAsync($"{ada.Login}/web", "keep", "\"n\":\"keep\"");
        var platform = await ada.PushAsync($"{ada.Login}/web", "multi", "\"n\":\"amd64\"");
        var index = await ada.PushIndexAsync($"{ada.Login}/web", "multi", platform);
        var signature = await ada.PushAsync($"{ada.Login}/web", "sig", "\"n\":\"sig\"", subject: index);
        using var client = ada.Server.Client(ada.Token);
        using var untagged = await client.DeleteAsync($"/v2/{ada.Login}/web/manifests/sig", TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.Accepted, untagged.StatusCode);
        return (platform, index, signature);
    }

    private static async Task<long> IdAsync(Person person, string digest) => (await person.DoAsync("GET", Versions)).Json.EnumerateArray()
        .Single(version => version.GetProperty("name").GetString() == digest).GetProperty("id").GetInt64();

    private static async Task<string> DigestAsync(Person person, string tag) => (await person.DoAsync("GET", Versions)).Json
        .EnumerateArray()
        .Single(version => version.GetProperty("metadata").GetProperty("container").GetProperty("tags").GetRawText() == $"[\"{tag}\"]")
        .GetProperty("name").GetString()!;

    private static List<string> Names(JsonElement answer, string property) =>
        [.. answer.GetProperty(property).EnumerateArray().Select(item => item.GetProperty("name").GetString()!)];
}
