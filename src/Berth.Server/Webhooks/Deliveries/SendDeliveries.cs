using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using Berth.Client.Wire;
using Berth.Server.Database;
using Berth.Server.Http;

namespace Berth.Server.Webhooks;

/// <summary>
/// Sends due deliveries, and repeats failed ones at growing intervals for about a day. Each delivery is first reserved for a while. If this
/// node dies meanwhile, another one sends it, so a receiver may get a delivery twice but never misses one.
/// </summary>
internal sealed partial class SendDeliveries(Db db, HookRequests requests, HookHttp http, TimeProvider time, ILogger<SendDeliveries> logger)
{
    private const int Batch = 500;
    private const int MostOfHook = 20;
    private const int AtOnce = 8;
    private const int LargestAnswer = 64 << 10;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan Held = TimeSpan.FromMinutes(1);

    /// <summary>How long after each attempt the next one follows. There is none after the last.</summary>
    public static readonly TimeSpan[] Again =
    [
        TimeSpan.FromSeconds(10), TimeSpan.FromMinutes(1), TimeSpan.FromMinutes(5), TimeSpan.FromMinutes(30), TimeSpan.FromHours(2),
        TimeSpan.FromHours(6), TimeSpan.FromHours(12),
    ];

    /// <summary>Returns how many were sent or tried.</summary>
    public async Task<int> RunOnceAsync(CancellationToken cancellationToken)
    {
        // Each receiver gets its deliveries in order, and a slow one does not delay the others for long.
        var due = await db.ReadAsync(session => DeliveryTable.DueAsync(session, time.GetUtcNow(), Batch), cancellationToken);
        await Parallel.ForEachAsync(
            due.GroupBy(one => one.HookId),
            new ParallelOptions { MaxDegreeOfParallelism = AtOnce, CancellationToken = cancellationToken },
            async (hook, token) =>
            {
                foreach (var one in hook.Take(MostOfHook))
                {
                    await OneAsync(one.Id, token);
                }
            });
        return due.Count;
    }

    private async Task OneAsync(long id, CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        var taken = await db.WriteAsync<(DeliveryRow, HookRow)?>(
            async session => await DeliveryTable.TakeAsync(session, id, now, now + Held) is { } row
                && await HookTable.FindAsync(session, row.HookId) is { } hook
                ? (row, hook)
                : null,
            cancellationToken);
        if (taken is ({ } delivery, { } to))
        {
            var ended = await SendAsync(to, delivery, cancellationToken);
            await db.WriteAsync(session => DeliveryTable.EndAsync(session, ended), cancellationToken);
            LogSent(delivery.Event, delivery.Action, to.Id, ended.StatusCode, ended.Status);
        }
    }

    private async Task<DeliveryRow> SendAsync(HookRow hook, DeliveryRow delivery, CancellationToken cancellationToken)
    {
        using var request = requests.Write(hook, delivery);
        var tried = delivery with { Url = hook.Url, RequestHeaders = Headers(request.Headers, request.Content!.Headers) };
        var started = time.GetTimestamp();
        using var patience = new CancellationTokenSource(Patience, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, patience.Token);
        try
        {
            using var response = await http.SendAsync(request, either.Token);
            var body = await ReadAsync(response, either.Token);
            var code = (int)response.StatusCode;
            return Ended(
                tried with
                {
                    StatusCode = code,
                    Status = code is >= 200 and < 300 ? "OK" : $"answered {code} {response.ReasonPhrase}".TrimEnd(),
                    ResponseHeaders = Headers(response.Headers, response.Content.Headers),
                    ResponseBody = body,
                },
                arrived: code is >= 200 and < 300, started);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return Ended(tried with { StatusCode = 0, Status = $"no answer within {Patience.TotalSeconds} s" }, arrived: false, started);
        }
        catch (Exception exception) when (exception is HttpRequestException or IOException or SocketException or OutgoingRefusedException)
        {
            // An address that is not allowed stays so until the operator allows it. The delivery can be sent again by hand then.
            var refused = exception as OutgoingRefusedException ?? exception.InnerException as OutgoingRefusedException;
            return Ended(
                tried with { StatusCode = 0, Status = refused?.Message ?? exception.Message }, arrived: false, started,
                last: refused is not null);
        }
    }

    private DeliveryRow Ended(DeliveryRow tried, bool arrived, long started, bool last = false)
    {
        var now = time.GetUtcNow();
        var over = arrived || last || tried.Attempts > Again.Length;
        return tried with
        {
            State = arrived ? DeliveryRow.Delivered : over ? DeliveryRow.Failed : DeliveryRow.Waiting,
            NextAt = over ? now : now + Again[tried.Attempts - 1],
            DeliveredAt = now,
            Duration = (long)time.GetElapsedTime(started).TotalMilliseconds,
        };
    }

    /// <summary>Reads the beginning of the answer. The rest is not needed.</summary>
    private static async Task<string> ReadAsync(HttpResponseMessage response, CancellationToken cancellationToken)
    {
        await using var stream = await response.Content.ReadAsStreamAsync(cancellationToken);
        var buffer = new byte[LargestAnswer];
        var length = await stream.ReadAtLeastAsync(buffer, buffer.Length, throwOnEndOfStream: false, cancellationToken);
        return Encoding.UTF8.GetString(buffer, 0, length).Replace("\0", "", StringComparison.Ordinal);
    }

    private static string Headers(
        params IEnumerable<KeyValuePair<string, IEnumerable<string>>>[] headers) => JsonSerializer.Serialize(
        headers.SelectMany(some => some).DistinctBy(header => header.Key, StringComparer.OrdinalIgnoreCase)
            .ToDictionary(header => header.Key, header => string.Join(", ", header.Value), StringComparer.Ordinal),
        BerthJson.Wire.Of<Dictionary<string, string>>());

    [LoggerMessage(Level = LogLevel.Debug, Message = "Sent {Event} {Action} to webhook {Hook}: {Code} {Status}")]
    private partial void LogSent(string @event, string? action, long hook, int code, string status);
}
