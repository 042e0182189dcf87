using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Berth.Bench.Rows;

/// <summary>
/// Sends everything by which anybody can make a server use memory, one after the other, to one new process: huge forms, tokens with many
/// long scopes, referrers with huge annotations, and clients that do not read. The server may refuse any of it.
/// </summary>
internal sealed class HostileMemoryRow : Row
{
    private const int Forms = 20;
    private const int FormSize = 28_000_000;
    private const int Tokens = 20_000;
    private const int ScopesOfToken = 64;
    private const int Manifests = 60;
    private const int ManifestSize = (4 << 20) - 4096;
    private const int Listings = 6;
    private const int SlowReaders = 100;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    private BenchOptions? _options;

    public override string Name => "memory-bounds";

    public override string Work => "peak memory, huge forms, scopes and referrers, slow readers";

    public override string Unit => "MB";

    public override double Target => 300;

    public override bool Absolute => true;

    public override Task PrepareAsync(BenchOptions options, CancellationToken cancellationToken)
    {
        _options = options;
        return Task.CompletedTask;
    }

    public override async Task<double> MeasureBerthAsync(int round, CancellationToken cancellationToken)
    {
        await using var server = new BerthServer(Path.Combine(_options!.Work, "memory-bounds-berth"), _options.ServerDll);
        await server.StartAsync(cancellationToken);
        await SendFormsAsync(server, cancellationToken);
        Tell(server, "forms");
        await UseTokensAsync(server, cancellationToken);
        Tell(server, "tokens");
        var (subject, digests) = await PushReferrersAsync(server, cancellationToken);
        Tell(server, "pushes");
        await ListReferrersAsync(server, subject, cancellationToken);
        Tell(server, "referrers");
        await ReadSlowlyAsync(server, digests, cancellationToken);
        Tell(server, "slow readers");
        return server.PeakMemory();
    }

    public override Task<double?> MeasurePeerAsync(int round, CancellationToken cancellationToken) => Task.FromResult<double?>(null);

    public override ValueTask DisposeAsync() => ValueTask.CompletedTask;

    private static void Tell(BerthServer server, string after) =>
        Console.Error.WriteLine(string.Create(CultureInfo.InvariantCulture, $"    after {after}: {server.PeakMemory():0} MB"));

    private static async Task SendFormsAsync(BerthServer server, CancellationToken cancellationToken)
    {
        // No field is longer than the limit for a single one.
        var fields = Enumerable.Range(0, 7).Select(i => $"&f{i}=" + new string('x', (FormSize / 7) - 100));
        var form = Encoding.ASCII.GetBytes("grant_type=password&username=bench&password=bench" + string.Concat(fields));
        await Task.WhenAll(Enumerable.Range(0, Forms).Select(_ => SendAsync()));

        async Task SendAsync()
        {
            using var content = new ByteArrayContent(form);
            content.Headers.ContentType = new("application/x-www-form-urlencoded");
            try
            {
                using var response = await server.Http.PostAsync(server.Url + "/token", content, cancellationToken);
            }
            catch (HttpRequestException)
            {
                // The server closed the connection early, as it may.
            }
        }
    }

    /// <summary>Makes each token and uses it once, since the server may cache verified tokens.</summary>
    private static Task UseTokensAsync(BerthServer server, CancellationToken cancellationToken)
    {
        var options = new ParallelOptions { MaxDegreeOfParallelism = 16, CancellationToken = cancellationToken };
        return Parallel.ForAsync(0, Tokens, options, async (number, token) =>
        {
            var end = new string('x', 200);
            var scopes = string.Join(' ', Enumerable.Range(0, ScopesOfToken).Select(
                i => string.Create(CultureInfo.InvariantCulture, $"repository:bench/{number}-{i}-{end}:pull")));
            if (await server.TryTokenAsync(scopes, token) is { } bearer)
            {
                using var request = new HttpRequestMessage(HttpMethod.Get, server.Url + "/v2/");
                request.Headers.TryAddWithoutValidation("Authorization", bearer);
                using var response = await server.Http.SendAsync(request, token);
            }
        });
    }

    private static async Task<(string Subject, string[] Digests)> PushReferrersAsync(
        BerthServer server, CancellationToken cancellationToken)
    {
        var client = await RegistryClient.OpenAsync(server, "referrers", cancellationToken);
        var blob = "{}"u8.ToArray();
        await client.PushSmallBlobAsync(blob, cancellationToken);
        var subject = await client.PutManifestAsync("latest", RegistryClient.Manifest(blob, blob), cancellationToken);
        var digests = new string[Manifests];
        for (var i = 0; i < Manifests; i++)
        {
            var text = Encoding.UTF8.GetString(RegistryClient.Manifest(blob, blob)).TrimEnd('}');
            var annotation = new string('x', ManifestSize - text.Length - 1000);
            var manifest = $$$"""
                {{{text}}},"subject":{"mediaType":"{{{RegistryClient.ManifestType}}}","digest":"{{{subject}}}","size":1},
                "annotations":{"number":"{{{i}}}","x":"{{{annotation}}}"}}
                """;
            var tag = string.Create(CultureInfo.InvariantCulture, $"x{i}");
            digests[i] = await client.PutManifestAsync(tag, Encoding.UTF8.GetBytes(manifest), cancellationToken);
        }

        return (subject, digests);
    }

    private static async Task ListReferrersAsync(BerthServer server, string subject, CancellationToken cancellationToken)
    {
        var client = await RegistryClient.OpenAsync(server, "referrers", cancellationToken);
        await Task.WhenAll(Enumerable.Range(0, Listings).Select(_ => ListAsync()));

        async Task ListAsync()
        {
            var next = (string?)client.Url("referrers/" + subject);
            while (next is not null)
            {
                using var request = new HttpRequestMessage(HttpMethod.Get, next);
                request.Headers.TryAddWithoutValidation("Authorization", client.Authorization);
                using var response = await server.Http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellationToken);
                await response.Content.CopyToAsync(Stream.Null, cancellationToken);
                next = response.Headers.TryGetValues("Link", out var links)
                    ? new Uri(new Uri(server.Url), links.First().Split('<', '>')[1]).AbsoluteUri
                    : null;
            }
        }
    }

    /// <summary>All of these clients wait with an answer that has begun, or that the server holds back.</summary>
    private static async Task ReadSlowlyAsync(BerthServer server, string[] digests, CancellationToken cancellationToken)
    {
        var client = await RegistryClient.OpenAsync(server, "referrers", cancellationToken);
        var sockets = Enumerable.Range(0, SlowReaders)
            .Select(_ => new Socket(SocketType.Stream, ProtocolType.Tcp) { ReceiveBufferSize = 4096 }).ToArray();
        try
        {
            await Task.WhenAll(sockets.Select((socket, i) => BeginAsync(socket, digests[i % digests.Length])));
        }
        finally
        {
            foreach (var socket in sockets)
            {
                socket.Dispose();
            }
        }

        async Task BeginAsync(Socket socket, string digest)
        {
            var url = new Uri(client.Url("manifests/" + digest));
            var request = Encoding.ASCII.GetBytes(
                $"GET {url.PathAndQuery} HTTP/1.1\r\nHost: {url.Authority}\r\nAuthorization: {client.Authorization}\r\n\r\n");
            await socket.ConnectAsync(new IPEndPoint(IPAddress.Loopback, url.Port), cancellationToken);
            await socket.SendAsync(request, cancellationToken);
            using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            limit.CancelAfter(Patience);
            try
            {
                await socket.ReceiveAsync(new byte[1], limit.Token);
            }
            catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
            {
                // The server makes this client wait, which costs the server nothing.
            }
        }
    }
}
