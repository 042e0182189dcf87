namespace Berth.Bench.Rows;

/// <summary>Puts many tags on one manifest through the API, as any client would.</summary>
internal static class ManyTags
{
    private static readonly byte[] Blob = [.. Enumerable.Range(0, 1024).Select(i => (byte)i)];

    public static async Task FillAsync(BerthServer server, string name, int tags, CancellationToken cancellationToken)
    {
        var manifest = RegistryClient.Manifest(Blob, Blob);
        var client = await RegistryClient.OpenAsync(server, name, cancellationToken);
        await client.PushSmallBlobAsync(Blob, cancellationToken);
        // A registry token is valid for 5 minutes. One part of the work takes far less.
        foreach (var part in Enumerable.Range(0, tags).Chunk(10_000))
        {
            client = await RegistryClient.OpenAsync(server, name, cancellationToken);
            await Parallel.ForEachAsync(part, new ParallelOptions { MaxDegreeOfParallelism = 64, CancellationToken = cancellationToken },
                async (tag, token) => await client.PutManifestAsync($"t{tag}", manifest, token));
        }
    }
}
