namespace Berth.Server.Database;

/// <summary>
/// Leaves most of the machine to others. Each piece of work is followed by a pause of three times its length. Time that the work waited for
/// others counts too, so the pauses are longer when the others are busier.
/// </summary>
internal sealed class Pace(TimeProvider time)
{
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(1);

    public async Task<T> RunAsync<T>(Func<Task<T>> work, CancellationToken cancellationToken)
    {
        var begun = time.GetTimestamp();
        var result = await work();
        var rest = time.GetElapsedTime(begun) * 3;
        await Task.Delay(rest < Longest ? rest : Longest, time, cancellationToken);
        return result;
    }

    /// <summary>Removes a few rows per transaction until it finds fewer than the limit. Returns how many were removed.</summary>
    public async Task<int> InBatchesAsync(Db db, Func<DbSession, Task<int>> delete, int batch, CancellationToken cancellationToken)
    {
        var (all, some) = (0, batch);
        while (some >= batch)
        {
            some = await RunAsync(() => db.WriteAsync(delete, cancellationToken), cancellationToken);
            all += some;
        }

        return all;
    }
}
