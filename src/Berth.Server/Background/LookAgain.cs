namespace Berth.Server.Background;

/// <summary>
/// Looks after something in the background, from the start of the server until it stops. What is looked after goes on then.
/// </summary>
/// <param name="interval">The time between the beginnings of two looks. Looks never overlap.</param>
internal abstract partial class LookAgain(TimeSpan interval, TimeProvider time) : BackgroundService
{
    protected TimeProvider Time => time;

    /// <summary>How long after the start the first look is.</summary>
    protected virtual TimeSpan FirstAfter => TimeSpan.Zero;

    /// <summary>Hears of looks that failed.</summary>
    protected abstract ILogger Logger { get; }

    /// <summary>
    /// One look. It catches what it has better words for; whatever else goes wrong, a database that is away among it, is logged, and the
    /// next look comes all the same: what a service of the host throws would end the server.
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
