using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Security.Cryptography;
using System.Text.Json;

namespace Berth.Bench.Rows;

/// <summary>
/// How much slower pushes are while the collector removes half of 100,000 blobs, compared with pushes right before and right after, since a
/// fuller store also makes them slower. It prints how many blobs were removed per second, and fails if anything in use was removed.
/// </summary>
internal sealed class CollectRow : Row
{
    private const int Blobs = 100_000;
    private const int BlobsOfImage = 3;
    private const int Pushers = 4;

    /// <summary>Long enough for a push, and short enough to wait for.</summary>
    private static readonly TimeSpan Grace = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan Quiet = TimeSpan.FromSeconds(15);

    private BenchOptions? _options;

    public override string Name => "collect";

    public override string Work => "push p50 while half of 100,000 blobs are collected, beside p50 without";

    public override string Unit => "x";

    public override double Target => 1.2;

    public override bool Absolute => true;

    public override Task PrepareAsync(BenchOptions options, CancellationToken cancellationToken)
    {
        _options = options;
        return Task.CompletedTask;
    }

    public override async Task<double> MeasureBerthAsync(int round, CancellationToken cancellationToken)
    {
        var folder = Path.Combine(_options!.Work, "collect-berth");
        await using var server = new BerthServer(
            folder, _options.ServerDll, string.Create(CultureInfo.InvariantCulture, $"BERTH_BLOB_GRACE_HOURS={Grace.TotalHours}"));
        await server.StartAsync(cancellationToken);
        await FillAsync(server, cancellationToken);
        await Task.Delay(Grace + TimeSpan.FromSeconds(2), cancellationToken);

        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var times = new ConcurrentQueue<(long At, double Seconds)>();
        var pushed = new ConcurrentQueue<(string Tag, byte[][] Blobs)>();
        var pushes = Task.WhenAll(Enumerable.Range(0, Pushers).Select(pusher => PushAsync(server, pusher, times, pushed, stop.Token)));
        await Task.Delay(Quiet, cancellationToken);
        var begun = Stopwatch.GetTimestamp();
        var run = await CollectAsync(server, cancellationToken);
        var ended = Stopwatch.GetTimestamp();
        await Task.Delay(Quiet, cancellationToken);
        await stop.CancelAsync();
        await pushes;

        var lost = await LostAsync(server, pushed, cancellationToken);
        var removed = run.GetProperty("blobs").GetInt64();
        var (before, after) = (Median(times.Where(time => time.At < begun)), Median(times.Where(time => time.At >= ended)));
        var without = (before + after) / 2;
        var beside = Median(times.Where(time => time.At >= begun && time.At < ended));
        Console.Error.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"    {removed} blobs in {Stopwatch.GetElapsedTime(begun, ended).TotalSeconds:0.0} s: "
                + $"{removed / Stopwatch.GetElapsedTime(begun, ended).TotalSeconds:0} a second; "
                + $"push p50 {before * 1000:0.0} ms before, {beside * 1000:0.0} ms beside it, {after * 1000:0.0} ms after; "
                + $"{pushed.Count} images pushed, "
                + $"{lost} blobs lost"));
        return lost == 0 && removed == Blobs / 2
            ? beside / without
            : throw new InvalidOperationException($"{lost} blobs were lost, and {removed} of {Blobs / 2} were removed");
    }

    public override Task<double?> MeasurePeerAsync(int round, CancellationToken cancellationToken) => Task.FromResult<double?>(null);

    public override ValueTask DisposeAsync() => ValueTask.CompletedTask;

    /// <summary>No manifest uses half of the blobs.</summary>
    private static async Task FillAsync(BerthServer server, CancellationToken cancellationToken)
    {
        var clock = Stopwatch.StartNew();
        var options = new ParallelOptions { MaxDegreeOfParallelism = 32, CancellationToken = cancellationToken };
        var garbage = await RegistryClient.OpenAsync(server, "garbage", cancellationToken);
        await garbage.PushSmallImageAsync("kept", cancellationToken);
        await Parallel.ForAsync(
            0, Blobs / 2, options, async (_, token) => await garbage.PushSmallBlobAsync(RandomNumberGenerator.GetBytes(256), token));
        var held = await RegistryClient.OpenAsync(server, "held", cancellationToken);
        await Parallel.ForAsync(
            0, Blobs / 2 / BlobsOfImage, options,
            async (image, token) => await held.PushSmallImageAsync(string.Create(CultureInfo.InvariantCulture, $"t{image}"), token));
        Console.Error.WriteLine(string.Create(CultureInfo.InvariantCulture, $"    filled in {clock.Elapsed.TotalSeconds:0} s"));
    }

    private static async Task PushAsync(
        BerthServer server, int pusher, ConcurrentQueue<(long At, double Seconds)> times,
        ConcurrentQueue<(string Tag, byte[][] Blobs)> pushed, CancellationToken stop)
    {
        var client = await RegistryClient.OpenAsync(server, "pushed", CancellationToken.None);
        var opened = Stopwatch.GetTimestamp();
        for (var number = 0; !stop.IsCancellationRequested; number++)
        {
            if (Stopwatch.GetElapsedTime(opened) > TimeSpan.FromMinutes(3))
            {
                client = await RegistryClient.OpenAsync(server, "pushed", CancellationToken.None);
                opened = Stopwatch.GetTimestamp();
            }

            var tag = string.Create(CultureInfo.InvariantCulture, $"{pusher}-{number}");
            var at = Stopwatch.GetTimestamp();
            var blobs = await client.PushSmallImageAsync(tag, CancellationToken.None);
            times.Enqueue((at, Stopwatch.GetElapsedTime(at).TotalSeconds));
            pushed.Enqueue((tag, blobs));
        }
    }

    private static async Task<JsonElement> CollectAsync(BerthServer server, CancellationToken cancellationToken)
    {
        await SendAsync(HttpMethod.Post);
        while (true)
        {
            await Task.Delay(100, cancellationToken);
            var run = await SendAsync(HttpMethod.Get);
            if (run.GetProperty("state").GetString() != "running")
            {
                return run;
            }
        }

        async Task<JsonElement> SendAsync(HttpMethod method)
        {
            using var request = new HttpRequestMessage(method, server.Url + "/api/v3/admin/garbage-collection");
            request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", server.AdminToken);
            using var response = await server.Http.SendAsync(request, cancellationToken);
            response.EnsureSuccessStatusCode();
            return await response.Content.ReadFromJsonAsync<JsonElement>(cancellationToken);
        }
    }

    private static async Task<int> LostAsync(
        BerthServer server, IEnumerable<(string Tag, byte[][] Blobs)> pushed, CancellationToken cancellationToken)
    {
        var client = await RegistryClient.OpenAsync(server, "pushed", cancellationToken);
        var lost = 0;
        await Parallel.ForEachAsync(
            pushed.SelectMany(image => image.Blobs),
            new ParallelOptions { MaxDegreeOfParallelism = 16, CancellationToken = cancellationToken },
            async (blob, token) =>
            {
                using var request = new HttpRequestMessage(HttpMethod.Get, client.Url("blobs/" + RegistryClient.Digest(blob)));
                request.Headers.TryAddWithoutValidation("Authorization", client.Authorization);
                using var response = await server.Http.SendAsync(request, token);
                if (response.StatusCode != HttpStatusCode.OK
                    || !(await response.Content.ReadAsByteArrayAsync(token)).AsSpan().SequenceEqual(blob))
                {
                    Interlocked.Increment(ref lost);
                }
            });
        return lost;
    }

    private static double Median(IEnumerable<(long At, double Seconds)> times)
    {
        var sorted = times.Select(time => time.Seconds).Order().ToArray();
        return sorted.Length == 0 ? throw new InvalidOperationException("nothing was pushed meanwhile") : sorted[sorted.Length / 2];
    }
}
