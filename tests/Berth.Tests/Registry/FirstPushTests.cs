using Berth.Tests.TestServer;

namespace Berth.Tests.Registry;

/// <summary>
/// The first push of a name while other layers of the same client still arrive. Nothing that was acknowledged is lost on the way to the
/// live package.
/// </summary>
public sealed class FirstPushTests
{
    private const string Config = "application/vnd.oci.image.config.v1+json";

    [Fact]
    public async Task What_comes_in_while_the_first_manifest_is_published_is_there_afterwards()
    {
        await using var server = await BerthServer.StartAsync();
        using var repository = TestRepository.New(server);
        var config = await repository.BlobAsync("{}"u8.ToArray());
        var manifest = TestRepository.Image(TestRepository.Descriptor(config, 2, Config), []);
        var content = TestRepository.Random(100);
        var layer = TestRepository.Sha256(content);
        var begun = await repository.StartAsync();
        Task<Answer> publish, push, start;
        await using (var held = await HeldTable.HoldAsync(server, "uploads"))
        {
            // The publish has moved what existed, and waits because of the name's uploads. The layer needs no upload and arrives in
            // between.
            publish = repository.PutAsync("first", manifest);
            await held.UntilWaitingAsync(publish);
            push = repository.SendAsync("POST", $"blobs/uploads/?digest={layer}", content);
            start = repository.SendAsync("POST", "blobs/uploads/", []);
            await held.UntilWaitingAsync(publish, push, start);
        }

        Assert.Equal([201, 201, 202], (await Task.WhenAll(publish, push, start)).Select(answer => answer.Status));
        Assert.Equal(200, await repository.HeadAsync($"blobs/{layer}"));
        foreach (var upload in new[] { begun, (await start).Header("Location")! })
        {
            var finished = TestRepository.Random(10);
            Assert.Equal(201, (await repository.SendAsync("PUT", $"{upload}?digest={TestRepository.Sha256(finished)}", finished)).Status);
        }

        var second = TestRepository.Image(TestRepository.Descriptor(config, 2, Config), [TestRepository.Descriptor(layer, 100)]);
        Assert.Equal(201, (await repository.PutAsync("second", second)).Status);
    }

    [Fact]
    public async Task Many_first_manifests_of_one_name_are_pushed_at_once_with_their_layers()
    {
        await using var server = await BerthServer.StartAsync();
        using var repository = TestRepository.New(server);
        await Task.WhenAll(Enumerable.Range(0, 24).Select(async i =>
        {
            var config = await repository.BlobAsync("{}"u8.ToArray());
            var content = TestRepository.Random(100 + i);
            var layer = await repository.BlobAsync(content);
            var manifest = TestRepository.Image(
                TestRepository.Descriptor(config, 2, Config), [TestRepository.Descriptor(layer, content.Length)]);
            Assert.Equal(201, (await repository.PutAsync($"n{i}", manifest)).Status);
            Assert.Equal(200, await repository.HeadAsync($"blobs/{layer}"));
        }));
    }
}
