using System.Data.Common;
using System.Threading.Channels;
using Berth.Server.Database;

namespace Berth.Server.Cryptography;

/// <summary>
/// Carries out rotations of the master key. An interrupted one goes on when the server starts, and a new one begins at once. If other
/// servers use the database, it looks every second whether one of them has begun a rotation.
/// </summary>
internal sealed partial class KeyRotationWork(
    Db db, RotateMasterKey rotate, MasterKey masterKey, TimeProvider time, ILogger<KeyRotationWork> logger)
    : BackgroundService
{
    private static readonly TimeSpan Look = TimeSpan.FromSeconds(1);
    private readonly Channel<bool> _wakes = Channel.CreateBounded<bool>(
        new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });

    public void Wake() => _wakes.Writer.TryWrite(true);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        try
        {
            while (true)
            {
                var done = await WorkAsync(stoppingToken);
                using var look = CancellationTokenSource.CreateLinkedTokenSource(stoppingToken);
                var woken = _wakes.Reader.WaitToReadAsync(look.Token).AsTask();
                if (!done || !db.Dialect.SingleProcess)
                {
                    await Task.WhenAny(woken, Task.Delay(Look, time, stoppingToken));
                    await look.CancelAsync();
                }
                else
                {
                    await woken;
                }

                stoppingToken.ThrowIfCancellationRequested();
                _wakes.Reader.TryRead(out _);
            }
        }
        catch (OperationCanceledException)
        {
            // The server stops. The row says where to continue.
        }
    }

    /// <returns>Returns false when it has to be tried again.</returns>
    private async Task<bool> WorkAsync(CancellationToken stopping)
    {
        try
        {
            if (await db.ReadAsync(MasterKey.FingerprintAsync, stopping) is { } inForce
                && !inForce.AsSpan().SequenceEqual(masterKey.Fingerprint))
            {
                masterKey.Use(inForce);
            }

            if (await rotate.FinishAsync(stopping))
            {
                await rotate.TidyAsync(stopping);
            }

            return true;
        }
        catch (Exception exception) when (exception is DbException or IOException or System.Security.Cryptography.CryptographicException)
        {
            LogFailed(exception);
            return false;
        }
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "Master key: the rotation stands still")]
    private partial void LogFailed(Exception exception);
}
