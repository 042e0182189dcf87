using Berth.Tests.TestServer;

namespace Berth.Tests.Registry;

/// <summary>distribution-spec, "Deleting manifests".</summary>
public sealed class ManifestDeletionTests(SharedServer shared)
{
    private const string Config = "application/vnd.oci.image.config.v1+json";

    [Theory]
    [InlineData("web")]
    [InlineData("tools/ci/base")]
    public async Task Deleting_a_tag_leaves_the_manifest(string name)
    {
        using var repository = TestRepository.New(shared.Server, name);
        var (digest, _, _) = await repository.ImageAsync("latest");
        Assert.Equal(202, await repository.StatusAsync("DELETE", "manifests/latest"));
        Assert.Equal(404, await repository.HeadAsync("manifests/latest"));
        Assert.Equal(404, await repository.StatusAsync("DELETE", "manifests/latest"));
        Assert.Equal(200, await repository.HeadAsync($"manifests/{digest}"));
    }

    [Theory]
    [InlineData("web")]
    [InlineData("tools/ci/base")]
    public async Task Deleting_a_manifest_takes_its_tags_and_its_blobs_at_once(string name)
    {
        using var repository = TestRepository.New(shared.Server, name);
        var (kept, _, keptLayer) = await repository.ImageAsync("kept");
        var (digest, manifest, layer) = await repository.ImageAsync("latest");
        await repository.PutAsync("other", manifest);
        Assert.Equal(202, await repository.StatusAsync("DELETE", $"manifests/{digest}"));
        foreach (var path in (string[])["manifests/latest", "manifests/other", $"manifests/{digest}", $"blobs/{layer}"])
        {
            Assert.Equal(404, await repository.HeadAsync(path));
            Assert.Equal(404, await repository.StatusAsync("GET", path));
        }

        Assert.Equal(404, await repository.StatusAsync("DELETE", $"manifests/{digest}"));
        Assert.Equal("""["kept"]""", (await repository.SendAsync("GET", "tags/list")).Json.GetProperty("tags").GetRawText());

        // The image that stays has the same configuration.
        Assert.Equal(200, await repository.HeadAsync($"blobs/{TestRepository.Sha256("{}"u8.ToArray())}"));
        Assert.Equal(200, await repository.HeadAsync($"blobs/{keptLayer}"));
        Assert.Equal(200, await repository.HeadAsync($"manifests/{kept}"));
    }

    [Fact]
    public async Task What_was_deleted_can_be_pushed_again()
    {
        using var repository = TestRepository.New(shared.Server);
        await repository.ImageAsync("kept");
        var content = TestRepository.Random(100);
        var layer = await repository.BlobAsync(content);
        var manifest = TestRepository.Image(
            TestRepository.Descriptor(TestRepository.Sha256("{}"u8.ToArray()), 2, Config), [TestRepository.Descriptor(layer, 100)]);
        var digest = TestRepository.Sha256(manifest);
        await repository.PutAsync("latest", manifest);
        await repository.SendAsync("DELETE", $"manifests/{digest}");
        Assert.Equal(404, await repository.HeadAsync($"blobs/{layer}"));

        // A client that asks before it pushes sends the layer again. A client that asked before the deletion need not.
        Assert.Equal(201, (await repository.PutAsync("latest", manifest)).Status);
        Assert.Equal(manifest, (await repository.SendAsync("GET", $"manifests/{digest}")).Body);
        Assert.Equal(content, (await repository.SendAsync("GET", $"blobs/{layer}")).Body);
        await repository.SendAsync("DELETE", $"manifests/{digest}");
        await repository.BlobAsync(content);
        Assert.Equal(200, await repository.HeadAsync($"blobs/{layer}"));
        Assert.Equal(201, (await repository.PutAsync("latest", manifest)).Status);
    }

    [Fact]
    public async Task A_part_of_a_live_index_stays_until_the_index_goes()
    {
        using var repository = TestRepository.New(shared.Server);
        var (platform, manifest, _) = await repository.ImageAsync();
        var index = TestRepository.Index([TestRepository.Descriptor(platform, manifest.Length, TestRepository.OciManifest)]);
        Assert.Equal(201, (await repository.PutAsync("multi", index, TestRepository.OciIndex)).Status);
        var refused = await repository.SendAsync("DELETE", $"manifests/{platform}");
        Assert.Equal((405, "UNSUPPORTED"), (refused.Status, refused.Code));
        Assert.Contains(
            $"part of the index {TestRepository.Sha256(index)} (tagged multi) of this repository, which would break", refused.Message,
            StringComparison.Ordinal);
        Assert.Equal(200, await repository.StatusAsync("GET", $"manifests/{platform}"));

        // The tag is not the index: without a tag the index can still be pulled by its digest.
        Assert.Equal(202, await repository.StatusAsync("DELETE", "manifests/multi"));
        Assert.Equal(405, await repository.StatusAsync("DELETE", $"manifests/{platform}"));
        Assert.Equal(202, await repository.StatusAsync("DELETE", $"manifests/{TestRepository.Sha256(index)}"));
        Assert.Equal(202, await repository.StatusAsync("DELETE", $"manifests/{platform}"));
    }
}
