using Npgsql;

namespace Berth.Server.Database;

/// <summary>
/// Numbers the states of a PostgreSQL database that several processes write to. Two looks at <c>pg_current_snapshot()</c> that return the
/// same text see the same rows (https://www.postgresql.org/docs/current/functions-info.html, "Transaction ID and snapshot information"). A
/// transaction that commits in between was in progress or not yet begun in the first text, and is neither in the second.
/// </summary>
/// <remarks>One look serves all who asked before it began, so a busy server looks as often as an almost idle one. A write anywhere in the
/// cluster changes the text. While it changes at every look, asking is not worth its round trip, and nobody waits for it.</remarks>
internal sealed class PostgresGenerations(NpgsqlDataSource source, TimeProvider time)
{
    private const int BusyAfter = 4;
    private static readonly TimeSpan BetweenLooksWhenBusy = TimeSpan.FromMilliseconds(20);

    private readonly Lock _lock = new();
    private TaskCompletionSource<Generation>? _asked;
    private bool _looking;
    private long _looked;
    private string _snapshot = "";
    private long _number;
    private int _changes;

    /// <summary>
    /// The state that includes every write acknowledged before the call. It has no number while writes follow each other closely. Nothing
    /// is cached then.
    /// </summary>
    /// <exception cref="NpgsqlException">The database cannot be asked.</exception>
    public async ValueTask<Generation> NowAsync(CancellationToken cancellationToken)
    {
        Task<Generation> answer;
        lock (_lock)
        {
            var busy = _changes >= BusyAfter;
            if (busy && (_looking || time.GetElapsedTime(_looked) < BetweenLooksWhenBusy))
            {
                return default;
            }

            _asked ??= new TaskCompletionSource<Generation>(TaskCreationOptions.RunContinuationsAsynchronously);
            answer = _asked.Task;
            if (!_looking)
            {
                _looking = true;
                _ = Task.Run(LookAsync, CancellationToken.None);
            }

            if (busy)
            {
                return default;
            }
        }

        return await answer.WaitAsync(cancellationToken);
    }

    private async Task LookAsync()
    {
        while (true)
        {
            TaskCompletionSource<Generation> asked;
            lock (_lock)
            {
                if (_asked is null)
                {
                    _looking = false;
                    return;
                }

                // Those who ask from here on may know of a write that this look does not see.
                (asked, _asked) = (_asked, null);
            }

            try
            {
                asked.SetResult(Number(await ReadAsync()));
            }
            catch (Exception exception)
            {
                asked.SetException(exception);
                // While writes follow each other closely, perhaps no reader waits for this.
                _ = asked.Task.Exception;
            }
        }
    }

    private async Task<string> ReadAsync()
    {
        await using var connection = await source.OpenConnectionAsync(CancellationToken.None);
        await using var command = new NpgsqlCommand("select pg_current_snapshot()::text", connection);
        return (string)(await command.ExecuteScalarAsync(CancellationToken.None))!;
    }

    private Generation Number(string snapshot)
    {
        lock (_lock)
        {
            _looked = time.GetTimestamp();
            if (snapshot == _snapshot)
            {
                _changes = 0;
                return new Generation(_number, _number);
            }

            _changes++;
            _snapshot = snapshot;
            _number++;
            return new Generation(_number, _number);
        }
    }
}
