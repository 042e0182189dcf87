namespace Berth.Server.Database;

/// <summary>
/// Leaves most of the machine to others: each piece of work is followed by a rest of three times its length. What it waited for others is
/// part of that length, so the busier they are, the longer it rests.
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

    /// <summary>Removes a few rows a transaction until it finds fewer than it may; how many went.</summary>
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
