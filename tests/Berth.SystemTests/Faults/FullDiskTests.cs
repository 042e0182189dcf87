using System.Net;
using System.Security.Cryptography;
using System.Text.Json;
using Berth.SystemTests.Fixtures.Clients;
using Berth.SystemTests.Fixtures.Disks;
using Berth.SystemTests.Fixtures.Server;

namespace Berth.SystemTests.Faults;

public sealed class FullDiskTests
{
    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_full_disk_refuses_uploads_with_a_clear_error_loses_nothing_and_recovers()
    {
        await using var disk = await SmallDisk.MountAsync();
        await using var server = await ServerProcess.StartAsync(
            "full-disk", Directory.CreateDirectory(Path.Combine(disk.Path, "data")).FullName);
        var ada = await server.UserAsync("ada");
        using var registry = new RawRegistry(ada, $"{ada.Login}/app");
        var (manifest, layer) = await PushImageAsync(registry, "before", 1_000_000);
        var large = RandomNumberGenerator.GetBytes(20_000_000);

        var filler = await disk.FillAsync(leave: 6_000_000);
        using (var refused = await registry.TryPushBlobAsync(large, Cancelled))
        {
            await AssertRefusedAsync(refused);
        }

        File.Delete(filler);
        filler = await disk.FillAsync(leave: 0);
        using (var refused = await registry.TryPushBlobAsync(large, Cancelled))
        {
            await AssertRefusedAsync(refused);
        }

        // At first the database still has some free room of its own.
        var tags = await TagUntilRefusedAsync(registry, manifest);
        foreach (var tag in tags)
        {
            Assert.Equal(manifest, await registry.GetManifestAsync(tag, Cancelled));
        }

        Assert.True(server.IsRunning);
        Assert.Equal(manifest, await registry.GetManifestAsync("before", Cancelled));
        Assert.Equal(layer, await registry.GetBlobAsync(RawRegistry.Digest(layer), Cancelled));

        File.Delete(filler);
        await registry.PushBlobAsync(large, Cancelled);
        await PushImageAsync(registry, "after", 1_000_000);
        await server.StopAsync();
        await server.StartAsync();
        Assert.Equal(manifest, await registry.GetManifestAsync("before", Cancelled));
        Assert.Equal(large, await registry.GetBlobAsync(RawRegistry.Digest(large), Cancelled));
    }

    /// <summary>Pushes the manifest under new tags until the disk is full. Returns the acknowledged ones.</summary>
    private static async Task<List<string>> TagUntilRefusedAsync(RawRegistry registry, byte[] manifest)
    {
        List<string> acknowledged = [];
        for (var number = 0; number < 20_000; number++)
        {
            using var put = await registry.TryPutManifestAsync($"tag{number}", manifest, RawRegistry.ManifestType, Cancelled);
            if (put.StatusCode != HttpStatusCode.Created)
            {
                await AssertRefusedAsync(put);
                return acknowledged;
            }

            acknowledged.Add($"tag{number}");
        }

        Assert.Fail("the full disk refused nothing");
        return acknowledged;
    }

    private static async Task AssertRefusedAsync(HttpResponseMessage response)
    {
        var body = await response.Content.ReadAsStringAsync(Cancelled);
        Assert.True(response.StatusCode == HttpStatusCode.InsufficientStorage, $"{(int)response.StatusCode} {body}");
        var error = JsonSerializer.Deserialize<JsonElement>(body).GetProperty("errors")[0];
        Assert.Contains("storage is full", error.GetProperty("message").GetString(), StringComparison.OrdinalIgnoreCase);
    }

    private static async Task<(byte[] Manifest, byte[] Layer)> PushImageAsync(RawRegistry registry, string tag, int size)
    {
        var configuration = RandomNumberGenerator.GetBytes(300);
        var layer = RandomNumberGenerator.GetBytes(size);
        await registry.PushBlobAsync(configuration, Cancelled);
        await registry.PushBlobAsync(layer, Cancelled);
        var manifest = RawRegistry.Manifest(
            RawRegistry.Descriptor("application/vnd.oci.image.config.v1+json", configuration),
            RawRegistry.Descriptor("application/vnd.oci.image.layer.v1.tar+gzip", layer));
        await registry.PutManifestAsync(tag, manifest, RawRegistry.ManifestType, Cancelled);
        return (manifest, layer);
    }
}
