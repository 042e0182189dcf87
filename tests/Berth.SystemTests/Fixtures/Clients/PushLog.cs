using System.Collections.Concurrent;
using System.Net;
using System.Security.Cryptography;

namespace Berth.SystemTests.Fixtures.Clients;

/// <summary>
/// Records what writers sent and what the server acknowledged, and checks both against a server that was killed meanwhile.
/// </summary>
internal sealed class PushLog
{
    private readonly ConcurrentQueue<Image> _fresh = [];
    private readonly List<Image> _checked = [];

    private int _acknowledgements;

    /// <summary>The number of 201 answers so far, for blobs and manifests.</summary>
    public int Acknowledgements => Volatile.Read(ref _acknowledgements);

    public int Acknowledged { get; private set; }

    public int CutOff { get; private set; }

    public int VisibleAnyway { get; private set; }

    /// <summary>Pushes images one after the other until the server no longer answers.</summary>
    public async Task PushUntilKilledAsync(RawRegistry registry, string prefix, CancellationToken cancellationToken)
    {
        for (var number = 0; ; number++)
        {
            var image = Image.Create($"{prefix}-{number}");
            _fresh.Enqueue(image);
            try
            {
                await PushAsync(registry, image, cancellationToken);
            }
            catch (Exception exception) when (exception is HttpRequestException or OperationCanceledException or IOException)
            {
                return;
            }
        }
    }

    /// <summary>Waits for this many acknowledgements of the writers.</summary>
    public async Task ReachAsync(int acknowledgements, IReadOnlyCollection<Task> writers, CancellationToken cancellationToken)
    {
        while (Acknowledgements < acknowledgements)
        {
            if (writers.FirstOrDefault(writer => writer.IsCompleted) is { } ended)
            {
                await ended;
                Assert.Fail("a writer ended before the server was killed");
            }

            await Task.Delay(1, cancellationToken);
        }
    }

    public async Task CheckAsync(RawRegistry registry, bool everything)
    {
        var tags = await TagsAsync(registry);
        while (_fresh.TryDequeue(out var image))
        {
            await CheckBlobsAsync(registry, image);
            await CheckManifestAsync(registry, image, tags);
            _checked.Add(image);
        }

        Assert.Subset(_checked.Select(image => image.Tag).ToHashSet(StringComparer.Ordinal), tags);
        if (!everything)
        {
            return;
        }

        foreach (var image in _checked.Where(image => image.ManifestAcknowledged))
        {
            Assert.Equal(image.Manifest, await registry.GetManifestAsync(image.Tag, CancellationToken.None));
            await CheckBlobsAsync(registry, image);
        }
    }

    private async Task PushAsync(RawRegistry registry, Image image, CancellationToken cancellationToken)
    {
        foreach (var blob in image.Blobs)
        {
            using var answer = await registry.TryPushBlobAsync(blob.Content, cancellationToken);
            await AssertCreatedAsync(answer, cancellationToken);
            blob.Acknowledged = true;
            Interlocked.Increment(ref _acknowledgements);
        }

        using var put = await registry.TryPutManifestAsync(image.Tag, image.Manifest, RawRegistry.ManifestType, cancellationToken);
        await AssertCreatedAsync(put, cancellationToken);
        image.ManifestAcknowledged = true;
        Interlocked.Increment(ref _acknowledgements);
    }

    private static async Task AssertCreatedAsync(HttpResponseMessage answer, CancellationToken cancellationToken)
    {
        if (answer.StatusCode != HttpStatusCode.Created)
        {
            Assert.Fail(
                $"{answer.RequestMessage!.Method} {answer.RequestMessage.RequestUri} answers {(int)answer.StatusCode}: "
                    + $"{await answer.Content.ReadAsStringAsync(cancellationToken)}");
        }
    }

    private static async Task CheckBlobsAsync(RawRegistry registry, Image image)
    {
        foreach (var blob in image.Blobs)
        {
            var stored = await registry.GetBlobAsync(RawRegistry.Digest(blob.Content), CancellationToken.None);
            Assert.True(stored is not null || !blob.Acknowledged, $"a blob of {image.Tag} was acknowledged and is gone");
            Assert.True(stored is null || stored.AsSpan().SequenceEqual(blob.Content), $"a blob of {image.Tag} came back with other bytes");
        }
    }

    private async Task CheckManifestAsync(RawRegistry registry, Image image, HashSet<string> tags)
    {
        var stored = await registry.GetManifestAsync(image.Tag, CancellationToken.None);
        Assert.Equal(stored is not null, tags.Contains(image.Tag));
        if (stored is not null)
        {
            Assert.Equal(image.Manifest, stored);
            Assert.Equal(image.Manifest, await registry.GetManifestAsync(RawRegistry.Digest(image.Manifest), CancellationToken.None));
            Assert.All(image.Blobs, blob => Assert.True(blob.Acknowledged, $"{image.Tag} is visible before its blobs were acknowledged"));
        }

        if (image.ManifestAcknowledged)
        {
            Acknowledged++;
            Assert.True(stored is not null, $"{image.Tag} was acknowledged and is gone");
        }
        else
        {
            CutOff++;
            VisibleAnyway += stored is null ? 0 : 1;
        }
    }

    private static async Task<HashSet<string>> TagsAsync(RawRegistry registry)
    {
        HashSet<string> tags = [];
        for (var next = "tags/list?n=1000"; next is not null;)
        {
            using var answer = await registry.SendAsync(HttpMethod.Get, next, CancellationToken.None);
            if (answer.StatusCode == HttpStatusCode.NotFound)
            {
                return tags;
            }

            var list = System.Text.Json.JsonSerializer.Deserialize<System.Text.Json.JsonElement>(await answer.Content.ReadAsStringAsync());
            var page = list.GetProperty("tags").EnumerateArray().Select(tag => tag.GetString()!).ToArray();
            tags.UnionWith(page);
            next = answer.Headers.Contains("Link") ? $"tags/list?n=1000&last={page[^1]}" : null;
        }

        return tags;
    }

    private sealed record Blob(byte[] Content)
    {
        public bool Acknowledged { get; set; }
    }

    private sealed record Image(string Tag, Blob[] Blobs, byte[] Manifest)
    {
        public bool ManifestAcknowledged { get; set; }

        public static Image Create(string tag)
        {
            Blob[] blobs =
                [
                    new(RandomNumberGenerator.GetBytes(300)),
                    new(RandomNumberGenerator.GetBytes(RandomNumberGenerator.GetInt32(1, 400_000))),
                ];
            var manifest = RawRegistry.Manifest(
                RawRegistry.Descriptor("application/vnd.oci.image.config.v1+json", blobs[0].Content),
                RawRegistry.Descriptor("application/vnd.oci.image.layer.v1.tar+gzip", blobs[1].Content));
            return new Image(tag, blobs, manifest);
        }
    }
}
