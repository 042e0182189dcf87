namespace Berth.Server.Background;

/// <summary>
/// Looks after something in the background, from the start of the server until it stops. What is looked after goes on then.
/// </summary>
/// <param name="interval">Between the beginnings of two looks, and no two at once.</param>
internal abstract class LookAgain(TimeSpan interval, TimeProvider time) : BackgroundService
{
    protected TimeProvider Time => time;

    /// <summary>How long after the start the first look is.</summary>
    protected virtual TimeSpan FirstAfter => TimeSpan.Zero;

    /// <summary>One look; it catches what may go wrong.</summary>
    protected abstract Task LookAsync(CancellationToken cancellationToken);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        try
        {
            await Task.Delay(FirstAfter, time, stoppingToken);
            using var timer = new PeriodicTimer(interval, time);
            do
            {
                await LookAsync(stoppingToken);
            }
            while (await timer.WaitForNextTickAsync(stoppingToken));
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The server stops.
        }
    }
}
