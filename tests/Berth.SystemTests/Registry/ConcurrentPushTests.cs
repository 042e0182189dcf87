using System.Net;
using System.Security.Cryptography;
using Berth.SystemTests.Fixtures.Clients;
using Berth.SystemTests.Fixtures.Server;

namespace Berth.SystemTests.Registry;

public sealed class ConcurrentPushTests(SharedServer shared)
{
    /// <summary>The layer that all of BuildKit's images with an empty step share: 1 KiB of zeros, compressed.</summary>
    private static readonly byte[] EmptyLayer = Convert.FromHexString("1f8b08000000000000ff621805a360148c5800080000ffff2eafb5ef00040000");

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Sixteen_uploads_of_the_same_new_layer_at_once_are_all_acknowledged_and_it_is_whole()
    {
        var ada = await shared.Process.UserAsync("ada");
        var layer = RandomNumberGenerator.GetBytes(5_000_000);
        using var registry = new RawRegistry(ada, $"{ada.Login}/parallel");
        var answers = await Task.WhenAll(Enumerable.Range(0, 16).Select(_ => registry.TryPushBlobAsync(layer, Cancelled)));

        Assert.All(answers, answer => Assert.Equal(HttpStatusCode.Created, answer.StatusCode));
        Assert.Equal(layer, await registry.GetBlobAsync(RawRegistry.Digest(layer), Cancelled));
    }

    [Fact]
    public async Task The_shared_empty_layer_survives_the_push_mount_and_deletion_of_images_that_use_it()
    {
        var digest = RawRegistry.Digest(EmptyLayer);
        Assert.Equal("sha256:4f4fb700ef54461cfa02571ae0db9a0dc1e0cdb5577484a6d75e68dc38e8acc1", digest);
        var ada = await shared.Process.UserAsync("ada");
        using var first = new RawRegistry(ada, $"{ada.Login}/first");
        using var second = new RawRegistry(ada, $"{ada.Login}/second");
        var manifest = await PushAsync(first, upload: true);
        Assert.True(await second.MountAsync(digest, first.Repository, Cancelled));
        await PushAsync(second, upload: false);

        Assert.Equal(HttpStatusCode.Accepted, await first.DeleteAsync("manifests/" + manifest, Cancelled));

        Assert.Equal(EmptyLayer, await second.GetBlobAsync(digest, Cancelled));
        await PushAsync(first, upload: true);
        Assert.Equal(EmptyLayer, await first.GetBlobAsync(digest, Cancelled));
    }

    private static async Task<string> PushAsync(RawRegistry registry, bool upload)
    {
        var configuration = """{"architecture":"amd64","os":"linux","config":{},"rootfs":{"type":"layers","diff_ids":[]}}"""u8.ToArray();
        await registry.PushBlobAsync(configuration, Cancelled);
        if (upload)
        {
            await registry.PushBlobAsync(EmptyLayer, Cancelled);
        }

        var manifest = RawRegistry.Manifest(
            RawRegistry.Descriptor("application/vnd.oci.image.config.v1+json", configuration),
            RawRegistry.Descriptor("application/vnd.oci.image.layer.v1.tar+gzip", EmptyLayer));
        return await registry.PutManifestAsync("1", manifest, RawRegistry.ManifestType, Cancelled);
    }
}
