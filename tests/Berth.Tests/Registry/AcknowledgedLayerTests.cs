using Berth.Tests.TestServer;

namespace Berth.Tests.Registry;

/// <summary>
/// A layer whose existence was reported to a client can be named by its manifest during the grace period, whatever is deleted meanwhile.
/// Nobody can read it until then. Grace is 24 hours.
/// </summary>
public sealed class AcknowledgedLayerTests : IAsyncLifetime
{
    private BerthServer _server = null!;

    public async ValueTask InitializeAsync() => _server = await BerthServer.StartAsync(manualClock: true);

    public ValueTask DisposeAsync() => _server.DisposeAsync();

    [Theory]
    [InlineData("registry")]
    [InlineData("version")]
    [InlineData("purged version")]
    [InlineData("package")]
    public async Task A_layer_that_was_looked_up_may_be_named_although_its_version_was_deleted(string what)
    {
        using var repository = TestRepository.New(_server);
        await repository.ImageAsync("kept");
        var (digest, _, layer) = await repository.ImageAsync("old");
        _server.Clock!.Advance(TimeSpan.FromHours(30));
        Assert.Equal(200, await repository.HeadAsync($"blobs/{layer}"));
        Assert.Equal(200, await repository.HeadAsync($"blobs/{Empty}"));
        _server.Clock.Advance(TimeSpan.FromHours(22));
        await DeleteAsync(repository, digest, what);
        Assert.Equal(404, await repository.HeadAsync($"blobs/{layer}"));
        Assert.Equal(404, await repository.StatusAsync("GET", $"blobs/{layer}"));

        Assert.Equal(201, (await repository.PutAsync("new", Image(layer))).Status);
        Assert.Equal(100, (await repository.SendAsync("GET", $"blobs/{layer}")).Body.Length);
    }

    [Fact]
    public async Task A_layer_that_was_mounted_or_pushed_may_be_named_although_it_was_deleted()
    {
        using var source = TestRepository.New(_server);
        using var repository = TestRepository.New(_server);
        var (_, _, mounted) = await source.ImageAsync("1");
        await repository.ImageAsync("kept");
        Assert.Equal(201, (await repository.SendAsync("POST", $"blobs/uploads/?mount={mounted}&from={source.Name}", [])).Status);
        var pushed = await repository.BlobAsync(TestRepository.Random(100));
        foreach (var layer in (string[])[mounted, pushed])
        {
            Assert.Equal(202, await repository.StatusAsync("DELETE", $"blobs/{layer}"));
            Assert.Equal(404, await repository.HeadAsync($"blobs/{layer}"));
            Assert.Equal(201, (await repository.PutAsync("new", Image(layer))).Status);
            Assert.Equal(200, await repository.HeadAsync($"blobs/{layer}"));
        }
    }

    [Fact]
    public async Task After_its_grace_it_must_be_pushed_again()
    {
        using var repository = TestRepository.New(_server);
        await repository.ImageAsync("kept");
        var (digest, _, layer) = await repository.ImageAsync("old");
        _server.Clock!.Advance(TimeSpan.FromHours(24) + TimeSpan.FromSeconds(1));
        await DeleteAsync(repository, digest, "version");
        var refused = await repository.PutAsync("new", Image(layer));
        Assert.Equal((400, "MANIFEST_BLOB_UNKNOWN"), (refused.Status, refused.Code));
    }

    [Fact]
    public async Task A_layer_of_a_deleted_package_is_nothing_to_whoever_could_not_push_to_it()
    {
        var ada = await _server.UserAsync();
        var bob = await _server.UserAsync("bob");
        var acme = await ada.OrganizationAsync();
        await ada.DoAsync("PUT", $"/orgs/{acme}/memberships/{bob.Login}", """{"role":"member"}""");
        using var hers = new TestRepository(_server, $"{acme}/web", ada.Token);
        using var his = new TestRepository(_server, $"{acme}/web", bob.Token);
        var (_, _, layer) = await hers.ImageAsync("1");
        await ada.DoAsync("DELETE", $"/orgs/{acme}/packages/container/web");
        await his.BlobAsync("{}"u8.ToArray());
        var refused = await his.PutAsync("new", Image(layer));
        Assert.Equal((400, "MANIFEST_BLOB_UNKNOWN"), (refused.Status, refused.Code));
        await his.ImageAsync("1");
    }

    private const string Empty = "sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a";

    private static byte[] Image(string layer) => TestRepository.Image(
        TestRepository.Descriptor(Empty, 2, "application/vnd.oci.image.config.v1+json"), [TestRepository.Descriptor(layer, 100)],
        ",\"annotations\":{\"new\":\"1\"}");

    private async Task DeleteAsync(TestRepository repository, string digest, string what)
    {
        var admin = _server.Administrator();
        var package = $"/user/packages/container/{repository.Name["admin/".Length..]}";
        switch (what)
        {
            case "registry":
                Assert.Equal(202, await repository.StatusAsync("DELETE", $"manifests/{digest}"));
                break;
            case "package":
                await admin.DoAsync("DELETE", package);
                break;
            default:
                var version = (await admin.DoAsync("GET", package + "/versions")).Json.EnumerateArray()
                    .Single(v => v.GetProperty("name").GetString() == digest);
                await admin.DoAsync(
                    "DELETE", $"{package}/versions/{version.GetProperty("id").GetInt64()}{(what == "version" ? "" : "?purge=true")}");
                break;
        }
    }
}
