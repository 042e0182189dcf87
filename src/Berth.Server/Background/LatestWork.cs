namespace Berth.Server.Background;

/// <summary>
/// Runs work on a thing that many ask for while it changes. It runs once at a time for each key, and everybody gets a result whose work
/// began after they asked. However many ask meanwhile, a single further run serves them all.
/// </summary>
internal sealed class LatestWork<TKey, TResult>
    where TKey : notnull
{
    private readonly Lock _lock = new();
    private readonly Dictionary<TKey, Turn> _turns = [];

    /// <param name="work">Must do the same for all who ask with this key, and must not depend on its caller, since anybody's work may be
    /// the one that runs.</param>
    public Task<TResult> RunAsync(TKey key, Func<Task<TResult>> work)
    {
        lock (_lock)
        {
            if (!_turns.TryGetValue(key, out var turn))
            {
                _turns.Add(key, turn = new Turn());
            }

            return turn.Next ??= RunAsync(key, turn, turn.Running, work);
        }
    }

    private async Task<TResult> RunAsync(TKey key, Turn turn, Task? before, Func<Task<TResult>> work)
    {
        await Task.Yield();
        if (before is not null)
        {
            // Its failure is reported to those who waited for it.
            await before.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        lock (_lock)
        {
            (turn.Running, turn.Next) = (turn.Next, null);
        }

        try
        {
            return await work();
        }
        finally
        {
            lock (_lock)
            {
                turn.Running = null;
                if (turn.Next is null)
                {
                    _turns.Remove(key);
                }
            }
        }
    }

    private sealed class Turn
    {
        public Task<TResult>? Running { get; set; }

        /// <summary>The next run, which has not begun.</summary>
        public Task<TResult>? Next { get; set; }
    }
}
