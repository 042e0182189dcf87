using System.Data.Common;
using Berth.Server.Background;
using Berth.Server.Database;

namespace Berth.Server.Webhooks;

/// <summary>Tells receivers what happened, a moment later. It also removes old deliveries.</summary>
internal sealed partial class HookWatch(
    EnqueueDeliveries enqueue, SendDeliveries send, Db db, HookOptions options, TimeProvider time, ILogger<HookWatch> logger)
    : LookAgain(TimeSpan.FromSeconds(2), time)
{
    protected override ILogger Logger => logger;

    private const int Batch = 500;
    private static readonly TimeSpan ForgetsEvery = TimeSpan.FromHours(1);
    private readonly Pace _pace = new(time);
    private DateTimeOffset _forgot;

    protected override async Task LookAsync(CancellationToken cancellationToken)
    {
        try
        {
            while (await enqueue.RunOnceAsync(cancellationToken))
            {
                // Repeat until everything is read.
            }

            await send.RunOnceAsync(cancellationToken);
            if (Time.GetUtcNow() - _forgot > ForgetsEvery)
            {
                _forgot = Time.GetUtcNow();
                var before = _forgot - TimeSpan.FromDays(options.HookDeliveryRetentionDays);
                await _pace.InBatchesAsync(db, session => DeliveryTable.ForgetAsync(session, before, Batch), Batch, cancellationToken);
            }
        }
        catch (Exception exception) when (exception is DbException or IOException)
        {
            // The next look tries again, and nothing is lost meanwhile.
            LogFailed(exception);
        }
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "Sending to webhooks failed; it is tried again")]
    private partial void LogFailed(Exception exception);
}
