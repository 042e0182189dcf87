namespace Berth.Server.Background;

/// <summary>Checks something in the background, from the start of the server until it stops. What it checks goes on after that.</summary>
/// <param name="interval">The time between the beginnings of two looks. Looks never overlap.</param>
internal abstract partial class LookAgain(TimeSpan interval, TimeProvider time) : BackgroundService
{
    protected TimeProvider Time => time;

    /// <summary>How long after the start the first look begins.</summary>
    protected virtual TimeSpan FirstAfter => TimeSpan.Zero;

    /// <summary>The logger for looks that failed.</summary>
    protected abstract ILogger Logger { get; }

    /// <summary>
    /// Runs one look. It may catch what it can explain better. Every other exception, such as an unavailable database, is logged, and the
    /// next look comes nevertheless, because an exception out of a hosted service would end the server.
    /// </summary>
    protected abstract Task LookAsync(CancellationToken cancellationToken);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        try
        {
            await Task.Delay(FirstAfter, time, stoppingToken);
            using var timer = new PeriodicTimer(interval, time);
            do
            {
                await LookOnceAsync(stoppingToken);
            }
            while (await timer.WaitForNextTickAsync(stoppingToken));
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The server stops.
        }
    }

    private async Task LookOnceAsync(CancellationToken stoppingToken)
    {
        try
        {
            await LookAsync(stoppingToken);
        }
        catch (Exception exception) when (!stoppingToken.IsCancellationRequested)
        {
            LogFailed(Logger, exception, GetType().Name);
        }
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "{Name} failed to look; it looks again")]
    private static partial void LogFailed(ILogger logger, Exception exception, string name);
}
