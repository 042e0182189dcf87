using Berth.Tests.TestServer;

namespace Berth.Tests.Registry;

/// <summary>distribution-spec, "Pulling blobs" and "Deleting blobs"; RFC 9110 for ranges and conditions.</summary>
public sealed class BlobTests(SharedServer shared)
{
    private static readonly byte[] Content = [.. Enumerable.Range(0, 1000).Select(i => (byte)(i * 7))];

    [Theory]
    [InlineData("web")]
    [InlineData("tools/ci/base")]
    public async Task A_blob_is_served_with_its_digest_and_length(string name)
    {
        using var repository = TestRepository.New(shared.Server, name);
        var digest = await repository.BlobAsync(Content);
        foreach (var method in (string[])["GET", "HEAD"])
        {
            var answer = await repository.SendAsync(method, $"blobs/{digest}");
            Assert.Equal(200, answer.Status);
            Assert.Equal(digest, answer.Header("Docker-Content-Digest"));
            Assert.Equal("1000", answer.Header("Content-Length"));
            Assert.Equal("application/octet-stream", answer.Header("Content-Type"));
            Assert.Equal($"\"{digest}\"", answer.Header("ETag"));
            Assert.Equal("bytes", answer.Header("Accept-Ranges"));
            Assert.Equal("nosniff", answer.Header("X-Content-Type-Options"));
            Assert.Equal("sandbox", answer.Header("Content-Security-Policy"));
            Assert.Equal("max-age=31536000, private, immutable", answer.Header("Cache-Control"));
            Assert.Equal(method == "GET" ? Content : [], answer.Body);
        }
    }

    [Theory]
    [InlineData("bytes=0-9", 206, 0, 10)]
    [InlineData("bytes=990-", 206, 990, 10)]
    [InlineData("bytes=-10", 206, 990, 10)]
    [InlineData("bytes=-5000", 206, 0, 1000)]
    [InlineData("bytes=500-5000", 206, 500, 500)]
    [InlineData("bytes=999-999", 206, 999, 1)]
    [InlineData("BYTES=0-0", 206, 0, 1)]
    [InlineData("bytes=1000-", 416, 0, 0)]
    [InlineData("bytes=5000-6000", 416, 0, 0)]
    [InlineData("bytes=-0", 416, 0, 0)]
    [InlineData("bytes=9-0", 416, 0, 0)]
    [InlineData("bytes=0-1,5-6", 200, 0, 1000)]
    [InlineData("bytes=abc", 200, 0, 1000)]
    [InlineData("bytes=", 200, 0, 1000)]
    [InlineData("items=0-9", 200, 0, 1000)]
    [InlineData("bytes=99999999999999999999-", 200, 0, 1000)]
    public async Task One_range_is_served_and_what_is_no_range_is_ignored(string range, int status, int from, int length)
    {
        using var repository = TestRepository.New(shared.Server);
        var digest = await repository.BlobAsync(Content);
        var answer = await repository.SendAsync("GET", $"blobs/{digest}", null, null, ("Range", range));
        Assert.Equal(status, answer.Status);
        if (status == 416)
        {
            Assert.Equal("bytes */1000", answer.Header("Content-Range"));
            return;
        }

        Assert.Equal(Content[from..(from + length)], answer.Body);
        Assert.Equal(status == 206 ? $"bytes {from}-{from + length - 1}/1000" : null, answer.Header("Content-Range"));
    }

    [Theory]
    [InlineData("If-None-Match", "\"{0}\"", 304)]
    [InlineData("If-None-Match", "W/\"{0}\"", 304)]
    [InlineData("If-None-Match", "\"x\", \"{0}\"", 304)]
    [InlineData("If-None-Match", "*", 304)]
    [InlineData("If-None-Match", "\"other\"", 200)]
    public async Task A_client_that_has_it_is_told_so(string header, string value, int status)
    {
        using var repository = TestRepository.New(shared.Server);
        var digest = await repository.BlobAsync(Content);
        var answer = await repository.SendAsync("GET", $"blobs/{digest}", null, null, (header, string.Format(value, digest)));
        Assert.Equal((status, $"\"{digest}\""), (answer.Status, answer.Header("ETag")));
        Assert.Equal(status == 304 ? [] : Content, answer.Body);
    }

    [Theory]
    [InlineData("\"{0}\"", 206)]
    [InlineData("\"other\"", 200)]
    public async Task A_range_of_something_else_is_the_whole(string value, int status)
    {
        using var repository = TestRepository.New(shared.Server);
        var digest = await repository.BlobAsync(Content);
        Assert.Equal(
            status,
            (await repository.SendAsync(
                "GET", $"blobs/{digest}", null, null, ("Range", "bytes=0-1"), ("If-Range", string.Format(value, digest)))).Status);
    }

    [Theory]
    [InlineData("web")]
    [InlineData("tools/ci/base")]
    public async Task A_blob_that_no_manifest_uses_can_be_deleted(string name)
    {
        using var repository = TestRepository.New(shared.Server, name);
        var (digest, _, layer) = await repository.ImageAsync("latest");
        var loose = await repository.BlobAsync(TestRepository.Random(10));
        Assert.Equal(202, await repository.StatusAsync("DELETE", $"blobs/{loose}"));
        Assert.Equal(404, await repository.HeadAsync($"blobs/{loose}"));
        Assert.Equal(404, await repository.StatusAsync("DELETE", $"blobs/{loose}"));

        var held = await repository.SendAsync("DELETE", $"blobs/{layer}");
        Assert.Equal((405, "UNSUPPORTED"), (held.Status, held.Code));
        Assert.Equal(200, await repository.HeadAsync($"blobs/{layer}"));

        Assert.Equal(202, await repository.StatusAsync("DELETE", $"manifests/{digest}"));
        Assert.Equal(404, await repository.HeadAsync($"blobs/{layer}"));
        Assert.Equal(404, await repository.StatusAsync("DELETE", $"blobs/{layer}"));
    }

    [Fact]
    public async Task Before_the_first_manifest_its_uploader_pulls_and_deletes_a_blob_with_a_token_for_just_that()
    {
        var (login, token) = await People.UserAsync(shared.Server);
        var name = $"{login}/{TestRepository.Unique("web")}";
        using var ada = new TestRepository(shared.Server, name, token);
        var digest = await ada.BlobAsync(Content);
        using var pull = new TestRepository(
            shared.Server, name, await People.RegistryTokenAsync(shared.Server, token, $"repository:{name}:pull"));
        Assert.Equal(200, await pull.HeadAsync($"blobs/{digest}"));
        Assert.Equal(Content, (await pull.SendAsync("GET", $"blobs/{digest}")).Body);

        var (_, writing) = await People.UserAsync(shared.Server, scopes: "write:packages");
        using var eve = new TestRepository(shared.Server, name, writing);
        Assert.Equal(403, await eve.StatusAsync("DELETE", $"blobs/{digest}"));
        using var delete = new TestRepository(
            shared.Server, name, await People.RegistryTokenAsync(shared.Server, token, $"repository:{name}:delete"));
        Assert.Equal(202, await delete.StatusAsync("DELETE", $"blobs/{digest}"));
        Assert.Equal(404, await pull.HeadAsync($"blobs/{digest}"));
        Assert.Equal(404, await delete.StatusAsync("DELETE", $"blobs/{digest}"));
    }

    [Fact]
    public async Task A_blob_deleted_in_one_repository_stays_in_the_others()
    {
        using var one = TestRepository.New(shared.Server);
        using var two = TestRepository.New(shared.Server);
        await one.ImageAsync("latest");
        var content = TestRepository.Random(64);
        var digest = await one.BlobAsync(content);
        await two.BlobAsync(content);
        Assert.Equal(202, await one.StatusAsync("DELETE", $"blobs/{digest}"));
        Assert.Equal(404, await one.HeadAsync($"blobs/{digest}"));
        Assert.Equal(content, (await two.SendAsync("GET", $"blobs/{digest}")).Body);
    }

    [Fact]
    public async Task A_blob_of_another_repository_does_not_exist_here()
    {
        using var one = TestRepository.New(shared.Server);
        using var two = TestRepository.New(shared.Server);
        await two.ImageAsync("latest");
        var digest = await one.BlobAsync(TestRepository.Random(64));
        var answer = await two.SendAsync("GET", $"blobs/{digest}");
        Assert.Equal((404, "BLOB_UNKNOWN"), (answer.Status, answer.Code));
    }

    [Fact]
    public async Task Head_promises_only_what_get_can_serve_and_a_push_heals_lost_bytes()
    {
        await using var server = await BerthServer.StartAsync();
        using var repository = TestRepository.New(server);
        var content = TestRepository.Random(500);
        var digest = await repository.BlobAsync(content);
        var file = Directory.EnumerateFiles(Path.Combine(server.Data, "blobs"), "*", SearchOption.AllDirectories)
            .Single(path => new FileInfo(path).Length == 500);
        File.Delete(file);
        Assert.Equal(404, await repository.HeadAsync($"blobs/{digest}"));
        Assert.Equal(404, await repository.StatusAsync("GET", $"blobs/{digest}"));
        Assert.Equal(202, (await repository.SendAsync("POST", $"blobs/uploads/?mount={digest}", [])).Status);
        await repository.BlobAsync(content);
        Assert.Equal(content, (await repository.SendAsync("GET", $"blobs/{digest}")).Body);
    }
}
