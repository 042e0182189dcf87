using System.Text;
using Berth.Tests.TestServer;

namespace Berth.Tests.Registry;

/// <summary>distribution-spec, "Pulling manifests" and "Pushing manifests".</summary>
public sealed class ManifestTests(SharedServer shared)
{
    private const string DockerManifest = "application/vnd.docker.distribution.manifest.v2+json";
    private const string DockerList = "application/vnd.docker.distribution.manifest.list.v2+json";
    private const string Config = "application/vnd.oci.image.config.v1+json";

    [Theory]
    [InlineData("web")]
    [InlineData("tools/ci/base")]
    public async Task A_manifest_is_served_byte_for_byte_by_tag_and_by_digest(string name)
    {
        using var repository = TestRepository.New(shared.Server, name);
        var (digest, manifest, _) = await repository.ImageAsync("latest", more: """, "annotations" : {"org.example":"a+b's \u00e9"}   """);
        foreach (var reference in (string[])["latest", digest])
        {
            foreach (var method in (string[])["GET", "HEAD"])
            {
                var answer = await repository.SendAsync(method, $"manifests/{reference}");
                Assert.Equal(200, answer.Status);
                Assert.Equal(TestRepository.OciManifest, answer.Header("Content-Type"));
                Assert.Equal(digest, answer.Header("Docker-Content-Digest"));
                Assert.Equal(manifest.Length.ToString(), answer.Header("Content-Length"));
                Assert.Equal($"\"{digest}\"", answer.Header("ETag"));
                Assert.Equal(method == "GET" ? manifest : [], answer.Body);
            }

            Assert.Equal(
                304, (await repository.SendAsync("GET", $"manifests/{reference}", null, null, ("If-None-Match", $"\"{digest}\""))).Status);
        }
    }

    [Theory]
    [InlineData("application/json")]
    [InlineData(DockerManifest)]
    [InlineData("*/*")]
    [InlineData("application/vnd.docker.distribution.manifest.v1+prettyjws")]
    public async Task Whatever_a_client_accepts_it_gets_what_was_pushed(string accept)
    {
        using var repository = TestRepository.New(shared.Server);
        var (_, manifest, _) = await repository.ImageAsync("latest");
        var answer = await repository.SendAsync("GET", "manifests/latest", null, null, ("Accept", accept));
        Assert.Equal((200, TestRepository.OciManifest), (answer.Status, answer.Header("Content-Type")));
        Assert.Equal(manifest, answer.Body);
    }

    [Theory]
    [InlineData("web")]
    [InlineData("tools/ci/base")]
    public async Task A_push_by_tag_answers_with_digest_and_location(string name)
    {
        using var repository = TestRepository.New(shared.Server, name);
        var blob = await repository.BlobAsync("{}"u8.ToArray());
        var manifest = TestRepository.Image(TestRepository.Descriptor(blob, 2, Config), []);
        var digest = TestRepository.Sha256(manifest);
        var answer = await repository.PutAsync("2.5", manifest);
        Assert.Equal(
            (201, $"/v2/{repository.Name}/manifests/{digest}", digest),
            (answer.Status, answer.Header("Location"), answer.Header("Docker-Content-Digest")));
        Assert.Null(answer.Header("OCI-Subject"));
        Assert.Equal(201, (await repository.PutAsync("2.5", manifest)).Status);
    }

    [Fact]
    public async Task A_push_by_digest_may_name_tags()
    {
        using var repository = TestRepository.New(shared.Server);
        var blob = await repository.BlobAsync("{}"u8.ToArray());
        var manifest = TestRepository.Image(TestRepository.Descriptor(blob, 2, Config), []);
        foreach (var digest in (string[])[TestRepository.Sha256(manifest), TestRepository.Sha512(manifest)])
        {
            var answer = await repository.PutAsync($"{digest}?tag=one&tag=two", manifest);
            Assert.Equal((201, digest), (answer.Status, answer.Header("Docker-Content-Digest")));
            Assert.Equal(["one", "two"], answer.Headers.GetValues("OCI-Tag"));
            Assert.Equal(digest, (await repository.SendAsync("HEAD", "manifests/two")).Header("Docker-Content-Digest"));
        }
    }

    [Fact]
    public async Task A_tag_moves_and_the_manifest_it_left_stays()
    {
        using var repository = TestRepository.New(shared.Server);
        var (first, _, _) = await repository.ImageAsync("latest");
        var (second, _, _) = await repository.ImageAsync("latest");
        Assert.Equal(second, (await repository.SendAsync("HEAD", "manifests/latest")).Header("Docker-Content-Digest"));
        Assert.Equal(200, await repository.HeadAsync($"manifests/{first}"));
    }

    [Fact]
    public async Task Sha512_names_a_manifest_too()
    {
        using var repository = TestRepository.New(shared.Server);
        var layer = TestRepository.Random(10);
        await repository.SendAsync("POST", $"blobs/uploads/?digest={TestRepository.Sha512(layer)}", layer);
        var manifest = TestRepository.Image(TestRepository.Descriptor(TestRepository.Sha512(layer), 10, Config), []);
        var digest = TestRepository.Sha512(manifest);
        Assert.Equal(digest, (await repository.PutAsync(digest, manifest)).Header("Docker-Content-Digest"));
        Assert.Equal(manifest, (await repository.SendAsync("GET", $"manifests/{digest}")).Body);
    }

    [Fact]
    public async Task An_index_needs_its_manifests()
    {
        using var repository = TestRepository.New(shared.Server);
        var (digest, manifest, _) = await repository.ImageAsync();
        var missing = TestRepository.Sha256([1]);
        var one = TestRepository.Descriptor(digest, manifest.Length, TestRepository.OciManifest);
        var other = TestRepository.Descriptor(missing, 10, TestRepository.OciManifest);
        Assert.Equal(201, (await repository.PutAsync("good", TestRepository.Index([one]), TestRepository.OciIndex)).Status);
        Assert.Equal(201, (await repository.PutAsync("empty", TestRepository.Index([]), TestRepository.OciIndex)).Status);
        var nested = TestRepository.Index([one], more: ""","artifactType":"application/x" """);
        Assert.Equal(201, (await repository.PutAsync("nested", nested, TestRepository.OciIndex)).Status);
        Assert.Equal(
            201,
            (await repository.PutAsync(
                "index-of-index",
                TestRepository.Index([TestRepository.Descriptor(TestRepository.Sha256(nested), nested.Length, TestRepository.OciIndex)]),
                TestRepository.OciIndex)).Status);
        var refused = await repository.PutAsync("bad", TestRepository.Index([one, other]), TestRepository.OciIndex);
        Assert.Equal((400, "MANIFEST_BLOB_UNKNOWN"), (refused.Status, refused.Code));
        Assert.Contains(missing, refused.Message, StringComparison.Ordinal);
        Assert.DoesNotContain(digest, refused.Message, StringComparison.Ordinal);
        Assert.Equal(404, await repository.HeadAsync("manifests/bad"));
    }

    [Fact]
    public async Task An_image_may_be_sparse_by_the_same_setting_and_holds_what_comes_later()
    {
        await using var server = await BerthServer.StartAsync(manualClock: false, "BERTH_SPARSE_MANIFESTS=true");
        using var repository = TestRepository.New(server);
        var configuration = await repository.BlobAsync("{}"u8.ToArray());
        var late = TestRepository.Random(50);
        var layer = TestRepository.Sha256(late);
        var absent = TestRepository.Descriptor(TestRepository.Sha256([1]), 10);
        var image = TestRepository.Image(
            TestRepository.Descriptor(configuration, 2, Config), [absent, TestRepository.Descriptor(layer, 50)]);
        Assert.Equal(201, (await repository.PutAsync("sparse", image)).Status);
        Assert.Equal(image, (await repository.SendAsync("GET", "manifests/sparse")).Body);
        Assert.Equal(404, await repository.HeadAsync($"blobs/{layer}"));

        await repository.BlobAsync(late);
        Assert.Equal(405, await repository.StatusAsync("DELETE", $"blobs/{layer}"));
        var wrong = TestRepository.Image(TestRepository.Descriptor(configuration, 3, Config), [absent]);
        Assert.Equal("MANIFEST_INVALID", (await repository.PutAsync("wrong", wrong)).Code);
        var noConfiguration = TestRepository.Image(TestRepository.Descriptor(TestRepository.Sha256([2]), 3, Config), []);
        Assert.Equal(201, (await repository.PutAsync("without", noConfiguration)).Status);
    }

    [Fact]
    public async Task A_setting_lets_an_index_be_sparse()
    {
        await using var server = await BerthServer.StartAsync(manualClock: false, "BERTH_SPARSE_MANIFESTS=true");
        using var repository = TestRepository.New(server);
        var index = TestRepository.Index([TestRepository.Descriptor(TestRepository.Sha256([1]), 10, TestRepository.OciManifest)]);
        Assert.Equal(201, (await repository.PutAsync("sparse", index, TestRepository.OciIndex)).Status);
    }

    [Fact]
    public async Task An_index_entry_that_is_no_manifest_is_a_blob()
    {
        // BuildKit exports a registry cache in this form: layers and its own configuration, in an index.
        using var repository = TestRepository.New(shared.Server);
        var content = TestRepository.Random(100);
        var layer = await repository.BlobAsync(content);
        var config = await repository.BlobAsync("{\"layers\":[]}"u8.ToArray());
        var index = TestRepository.Index(
            [
                TestRepository.Descriptor(layer, 100, "application/vnd.docker.image.rootfs.diff.tar.gzip"),
                TestRepository.Descriptor(config, 13, "application/vnd.buildkit.cacheconfig.v0"),
            ]);
        Assert.Equal(201, (await repository.PutAsync("cache", index, TestRepository.OciIndex)).Status);
        Assert.Equal(405, await repository.StatusAsync("DELETE", $"blobs/{layer}"));
        var missing = TestRepository.Index(
            [TestRepository.Descriptor(TestRepository.Sha256([9]), 1, "application/vnd.buildkit.cacheconfig.v0")]);
        Assert.Equal("MANIFEST_BLOB_UNKNOWN", (await repository.PutAsync("cache", missing, TestRepository.OciIndex)).Code);
    }

    [Theory]
    [InlineData(3, 100, "sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a has 2 bytes here, its descriptor says 3")]
    [InlineData(0, 100, "has 2 bytes here, its descriptor says 0")]
    [InlineData(2, 101, "has 100 bytes here, its descriptor says 101")]
    [InlineData(2, 0, "has 100 bytes here, its descriptor says 0")]
    [InlineData(2, long.MaxValue, "has 100 bytes here, its descriptor says 9223372036854775807")]
    public async Task A_descriptor_that_gives_a_blob_another_size_is_refused(long config, long layer, string words)
    {
        using var repository = TestRepository.New(shared.Server);
        var configuration = await repository.BlobAsync("{}"u8.ToArray());
        var content = await repository.BlobAsync(TestRepository.Random(100));
        var refused = await repository.PutAsync(
            "bad",
            TestRepository.Image(TestRepository.Descriptor(configuration, config, Config), [TestRepository.Descriptor(content, layer)]));
        Assert.Equal((400, "MANIFEST_INVALID"), (refused.Status, refused.Code));
        Assert.Contains(words, refused.Message, StringComparison.Ordinal);
        Assert.Equal(404, await repository.HeadAsync("manifests/bad"));

        // An index whose entries are blobs, like BuildKit's cache.
        var cache = TestRepository.Index(
            [
                TestRepository.Descriptor(configuration, config, "application/vnd.buildkit.cacheconfig.v0"),
                TestRepository.Descriptor(content, layer),
            ]);
        Assert.Equal("MANIFEST_INVALID", (await repository.PutAsync("bad", cache, TestRepository.OciIndex)).Code);
    }

    [Fact]
    public async Task A_descriptor_that_gives_a_manifest_another_size_is_refused()
    {
        using var repository = TestRepository.New(shared.Server);
        var (digest, manifest, _) = await repository.ImageAsync();
        var index = TestRepository.Index([TestRepository.Descriptor(digest, manifest.Length + 1, TestRepository.OciManifest)]);
        var refused = await repository.PutAsync("bad", index, TestRepository.OciIndex);
        Assert.Equal((400, "MANIFEST_INVALID"), (refused.Status, refused.Code));
        Assert.Contains(
            $"{digest} has {manifest.Length} bytes here, its descriptor says {manifest.Length + 1}", refused.Message,
            StringComparison.Ordinal);
        Assert.Equal(404, await repository.HeadAsync("manifests/bad"));
    }

    [Fact]
    public async Task One_digest_has_one_size_in_a_manifest()
    {
        using var repository = TestRepository.New(shared.Server);
        var blob = await repository.BlobAsync("{}"u8.ToArray());
        var same = TestRepository.Descriptor(blob, 2);
        Assert.Equal(
            201,
            (await repository.PutAsync("good", TestRepository.Image(TestRepository.Descriptor(blob, 2, Config), [same, same]))).Status);
        var refused = await repository.PutAsync(
            "bad", TestRepository.Image(TestRepository.Descriptor(blob, 2, Config), [same, TestRepository.Descriptor(blob, 3)]));
        Assert.Equal((400, "MANIFEST_INVALID"), (refused.Status, refused.Code));
        Assert.Contains("two sizes, 2 and 3", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_sparse_index_gives_what_is_here_its_size()
    {
        await using var server = await BerthServer.StartAsync(manualClock: false, "BERTH_SPARSE_MANIFESTS=true");
        using var repository = TestRepository.New(server);
        var (digest, manifest, _) = await repository.ImageAsync();
        var absent = TestRepository.Descriptor(TestRepository.Sha256([1]), 10, TestRepository.OciManifest);
        var good = TestRepository.Index([absent, TestRepository.Descriptor(digest, manifest.Length, TestRepository.OciManifest)]);
        Assert.Equal(201, (await repository.PutAsync("good", good, TestRepository.OciIndex)).Status);
        var bad = TestRepository.Index([absent, TestRepository.Descriptor(digest, 1, TestRepository.OciManifest)]);
        Assert.Equal("MANIFEST_INVALID", (await repository.PutAsync("bad", bad, TestRepository.OciIndex)).Code);
    }

    [Theory]
    [InlineData("application/vnd.oci.image.layer.nondistributable.v1.tar")]
    [InlineData("application/vnd.oci.image.layer.nondistributable.v1.tar+gzip")]
    [InlineData("application/vnd.oci.image.layer.nondistributable.v1.tar+zstd")]
    [InlineData("application/vnd.docker.image.rootfs.foreign.diff.tar.gzip")]
    public async Task A_foreign_layer_is_never_asked_for(string type)
    {
        using var repository = TestRepository.New(shared.Server);
        var blob = await repository.BlobAsync("{}"u8.ToArray());
        var manifest = TestRepository.Image(
            TestRepository.Descriptor(blob, 2, Config), [TestRepository.Descriptor(TestRepository.Sha256([7]), 123, type)]);
        Assert.Equal(201, (await repository.PutAsync("foreign", manifest)).Status);
        Assert.Equal(manifest, (await repository.SendAsync("GET", "manifests/foreign")).Body);
    }

    [Fact]
    public async Task Dockers_own_types_are_kept_as_they_are()
    {
        using var repository = TestRepository.New(shared.Server);
        var blob = await repository.BlobAsync("{}"u8.ToArray());
        var manifest = Encoding.UTF8.GetBytes(
            $$"""{"schemaVersion":2,"mediaType":"{{DockerManifest}}","config":{{TestRepository.Descriptor(blob, 2, "application/vnd.docker.container.image.v1+json")}},"layers":null}""");
        Assert.Equal(201, (await repository.PutAsync("v2", manifest, DockerManifest)).Status);
        var list = Encoding.UTF8.GetBytes(
            $$"""{"schemaVersion":2,"mediaType":"{{DockerList}}","manifests":[{{TestRepository.Descriptor(TestRepository.Sha256(manifest), manifest.Length, DockerManifest)}}]}""");
        Assert.Equal(201, (await repository.PutAsync("list", list, DockerList)).Status);
        Assert.Equal(DockerManifest, (await repository.SendAsync("GET", "manifests/v2")).Header("Content-Type"));
        Assert.Equal(DockerList, (await repository.SendAsync("GET", "manifests/list")).Header("Content-Type"));
    }

    [Fact]
    public async Task Any_artifact_of_any_types_is_accepted()
    {
        using var repository = TestRepository.New(shared.Server);
        var empty = await repository.BlobAsync("{}"u8.ToArray());
        var nothing = await repository.BlobAsync([]);
        var manifest = TestRepository.Image(
            TestRepository.Descriptor(empty, 2, "application/vnd.oci.empty.v1+json"),
            [TestRepository.Descriptor(nothing, 0, "application/x-anything"), TestRepository.Descriptor(empty, 2, "text/plain")],
            ""","artifactType":"application/vnd.example","new-member":{"deep":[[[1]]]},"subject":null """);
        Assert.Equal(201, (await repository.PutAsync("artifact", manifest)).Status);
    }

    [Fact]
    public async Task A_content_type_may_carry_parameters_or_be_left_out()
    {
        using var repository = TestRepository.New(shared.Server);
        var blob = await repository.BlobAsync("{}"u8.ToArray());
        var manifest = TestRepository.Image(TestRepository.Descriptor(blob, 2, Config), []);
        Assert.Equal(
            201, (await repository.SendAsync("PUT", "manifests/a", manifest, TestRepository.OciManifest + "; charset=utf-8")).Status);
        Assert.Equal(201, (await repository.SendAsync("PUT", "manifests/b", manifest)).Status);
        Assert.Equal(TestRepository.OciManifest, (await repository.SendAsync("GET", "manifests/b")).Header("Content-Type"));
    }

    [Fact]
    public async Task A_manifest_of_the_largest_size_is_accepted_and_one_byte_more_is_not()
    {
        using var repository = TestRepository.New(shared.Server);
        var blob = await repository.BlobAsync("{}"u8.ToArray());
        var small = TestRepository.Image(TestRepository.Descriptor(blob, 2, Config), []);
        foreach (var (size, status) in ((int, int)[])[(4 << 20, 201), ((4 << 20) + 1, 413)])
        {
            byte[] manifest = [.. small, .. Enumerable.Repeat((byte)' ', size - small.Length)];
            Assert.Equal(status, (await repository.PutAsync("large", manifest)).Status);
            Assert.Equal(
                status,
                (await repository.SendAsync(
                    "PUT", "manifests/large", manifest, TestRepository.OciManifest, ("Transfer-Encoding", "chunked"))).Status);
        }
    }

    [Fact]
    public async Task Blobs_of_another_repository_are_unknown_to_a_manifest()
    {
        using var one = TestRepository.New(shared.Server);
        using var two = TestRepository.New(shared.Server);
        var content = TestRepository.Random(20);
        var blob = await one.BlobAsync(content);
        var answer = await two.PutAsync("latest", TestRepository.Image(TestRepository.Descriptor(blob, 20, Config), []));
        Assert.Equal((400, "MANIFEST_BLOB_UNKNOWN"), (answer.Status, answer.Code));
        Assert.Contains(blob, answer.Message, StringComparison.Ordinal);
        Assert.Equal(404, await two.StatusAsync("GET", "tags/list"));
    }
}
