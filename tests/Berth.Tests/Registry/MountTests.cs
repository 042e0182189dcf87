using Berth.Tests.TestServer;

namespace Berth.Tests.Registry;

/// <summary>distribution-spec, "Mounting a blob from another repository".</summary>
public sealed class MountTests(SharedServer shared)
{
    [Theory]
    [InlineData("web")]
    [InlineData("tools/ci/base")]
    public async Task A_blob_is_mounted_from_a_repository_that_is_named(string name)
    {
        using var source = TestRepository.New(shared.Server, name);
        var (_, _, layer) = await source.ImageAsync("latest");
        using var target = TestRepository.New(shared.Server, name);
        var answer = await target.SendAsync("POST", $"blobs/uploads/?mount={layer}&from={source.Name}", []);
        Assert.Equal(
            (201, $"/v2/{target.Name}/blobs/{layer}", layer),
            (answer.Status, answer.Header("Location"), answer.Header("Docker-Content-Digest")));
        Assert.Equal(200, await target.HeadAsync($"blobs/{layer}"));
    }

    [Fact]
    public async Task A_blob_is_mounted_without_a_name_from_whatever_the_caller_may_read()
    {
        using var source = TestRepository.New(shared.Server);
        var (_, _, layer) = await source.ImageAsync("latest");
        using var target = TestRepository.New(shared.Server);
        Assert.Equal(201, (await target.SendAsync("POST", $"blobs/uploads/?mount={layer}", [])).Status);
    }

    [Theory]
    [InlineData("&from={source}")]
    [InlineData("")]
    public async Task A_blob_is_mounted_from_a_name_that_has_no_manifest_yet_by_who_uploaded_it(string from)
    {
        using var source = TestRepository.New(shared.Server);
        var layer = await source.BlobAsync(TestRepository.Random(100));
        using var target = TestRepository.New(shared.Server);
        var query = $"?mount={layer}{from.Replace("{source}", source.Name, StringComparison.Ordinal)}";
        Assert.Equal(201, (await target.SendAsync("POST", "blobs/uploads/" + query, [])).Status);
        Assert.Equal(200, await target.HeadAsync($"blobs/{layer}"));
        var (login, token) = await People.UserAsync(shared.Server);
        using var ada = new TestRepository(shared.Server, $"{login}/web", token);
        Assert.Equal(202, (await ada.SendAsync("POST", "blobs/uploads/" + query, [])).Status);
    }

    [Theory]
    [InlineData("&from=admin/never-was")]
    [InlineData("&from=")]
    [InlineData("&from=UPPER/x")]
    [InlineData("&from={hidden}")]
    [InlineData("")]
    public async Task What_may_not_be_read_is_not_mounted_and_the_answer_does_not_tell(string from)
    {
        using var source = TestRepository.New(shared.Server);
        var (_, _, layer) = await source.ImageAsync("latest");
        var (login, token) = await People.UserAsync(shared.Server);
        using var ada = new TestRepository(shared.Server, $"{login}/web", token);
        var answer = await ada.SendAsync(
            "POST", $"blobs/uploads/?mount={layer}{from.Replace("{hidden}", source.Name, StringComparison.Ordinal)}", []);
        Assert.Equal((202, "0-0"), (answer.Status, answer.Header("Range")));
        Assert.StartsWith($"/v2/{login}/web/blobs/uploads/", answer.Header("Location"), StringComparison.Ordinal);
        Assert.Equal(404, await ada.HeadAsync($"blobs/{layer}"));
    }

    [Theory]
    [InlineData("sha256:0000000000000000000000000000000000000000000000000000000000000000")]
    [InlineData("nonsense")]
    [InlineData("sha256:short")]
    public async Task A_digest_that_is_not_there_starts_an_upload(string digest)
    {
        using var source = TestRepository.New(shared.Server);
        await source.ImageAsync("latest");
        using var target = TestRepository.New(shared.Server);
        Assert.Equal(202, (await target.SendAsync("POST", $"blobs/uploads/?mount={digest}&from={source.Name}", [])).Status);
    }

    [Fact]
    public async Task A_token_that_was_asked_for_the_target_alone_is_challenged_and_then_mounts()
    {
        using var source = TestRepository.New(shared.Server);
        var (_, _, layer) = await source.ImageAsync("latest");
        var target = $"admin/{TestRepository.Unique("mounted")}";
        var mount = $"blobs/uploads/?mount={layer}&from={source.Name}";
        using var push = await WithTokenAsync(BerthServer.AdminToken, target, $"repository:{target}:pull,push");
        var refused = await push.SendAsync("POST", mount, []);
        Assert.Equal((401, "UNAUTHORIZED"), (refused.Status, refused.Code));
        var scope = $"repository:{target}:pull,push repository:{source.Name}:pull";
        Assert.EndsWith($"scope=\"{scope}\",error=\"insufficient_scope\"", refused.Header("WWW-Authenticate"), StringComparison.Ordinal);

        using var both = await WithTokenAsync(BerthServer.AdminToken, target, scope);
        var mounted = await both.SendAsync("POST", mount, []);
        Assert.Equal((201, $"/v2/{target}/blobs/{layer}"), (mounted.Status, mounted.Header("Location")));
    }

    [Theory]
    [InlineData("repository:{source}:push", 401)]
    [InlineData("repository:{source}:pull", 202)]
    [InlineData("repository:{source}:*", 202)]
    public async Task A_source_that_was_asked_for_and_not_granted_starts_an_upload(string scope, int status)
    {
        using var source = TestRepository.New(shared.Server);
        var (_, _, layer) = await source.ImageAsync("latest");
        var (login, token) = await People.UserAsync(shared.Server);
        using var ada = await WithTokenAsync(
            token, $"{login}/web", $"repository:{login}/web:pull,push", scope.Replace("{source}", source.Name, StringComparison.Ordinal));
        Assert.Equal(status, (await ada.SendAsync("POST", $"blobs/uploads/?mount={layer}&from={source.Name}", [])).Status);
        using var never = await WithTokenAsync(
            token, $"{login}/web", $"repository:{login}/web:pull,push", "repository:admin/never-was:pull");
        Assert.Equal(202, (await never.SendAsync("POST", $"blobs/uploads/?mount={layer}&from=admin/never-was", [])).Status);
    }

    [Theory]
    [InlineData("?mount={0}", 201)]
    [InlineData("?mount={0}&from={1}", 202)]
    [InlineData("?mount={0}&from=NO NAME", 202)]
    [InlineData("?mount=nonsense&from=admin/other", 202)]
    public async Task A_mount_that_names_no_other_repository_needs_no_further_scope(string query, int status)
    {
        using var source = TestRepository.New(shared.Server);
        var (_, _, layer) = await source.ImageAsync("latest");
        var target = $"admin/{TestRepository.Unique("mounted")}";
        using var push = await WithTokenAsync(BerthServer.AdminToken, target, $"repository:{target}:pull,push");
        Assert.Equal(status, (await push.SendAsync("POST", "blobs/uploads/" + string.Format(null, query, layer, target), [])).Status);
    }

    [Theory]
    [InlineData("?mount={0}&from=admin/source", " repository:admin/source:pull")]
    [InlineData("?mount={0}&from=admin/target", "")]
    [InlineData("?mount={0}&from=NO NAME", "")]
    [InlineData("?mount={0}", "")]
    [InlineData("?from=admin/source", "")]
    [InlineData("", "")]
    public async Task The_challenge_of_a_mount_names_the_source_too(string query, string more)
    {
        using var nobody = new TestRepository(shared.Server, "admin/target", token: null);
        var answer = await nobody.SendAsync("POST", "blobs/uploads/" + string.Format(null, query, TestRepository.Sha256([1])), []);
        Assert.Equal(401, answer.Status);
        Assert.EndsWith($"scope=\"repository:admin/target:pull,push{more}\"", answer.Header("WWW-Authenticate"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_deleted_image_gives_nothing_to_mount()
    {
        using var source = TestRepository.New(shared.Server);
        var (digest, _, layer) = await source.ImageAsync("latest");
        await source.SendAsync("DELETE", $"manifests/{digest}");
        using var target = TestRepository.New(shared.Server);
        Assert.Equal(202, (await target.SendAsync("POST", $"blobs/uploads/?mount={layer}&from={source.Name}", [])).Status);
        Assert.Equal(202, (await target.SendAsync("POST", $"blobs/uploads/?mount={layer}", [])).Status);
    }

    private async Task<TestRepository> WithTokenAsync(string token, string target, params string[] scopes) =>
        new(shared.Server, target, await People.RegistryTokenAsync(shared.Server, token, scopes));
}
