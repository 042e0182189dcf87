namespace Berth.Server.Codespaces;

/// <summary>
/// Looks after something in the background, from the start of the server until it stops. What is looked after goes on then.
/// </summary>
/// <param name="interval">Between the beginnings of two looks, and no two at once.</param>
internal abstract class LookAgain(TimeSpan interval, TimeProvider time) : BackgroundService
{
    protected TimeProvider Time => time;

    /// <summary>One look; it catches what may go wrong.</summary>
    protected abstract Task LookAsync(CancellationToken cancellationToken);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(interval, time);
        try
        {
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
