namespace Berth.Server.Database;

/// <summary>
/// Decides which rows of a growing table a reader has finally read. PostgreSQL assigns ids before it commits, so a row with a missing id
/// may still appear. It cannot any more when a row with a later id has been there for a while. The reader itself measures that time, since
/// a time in a row may be that of something long ago. Each reader and table needs its own instance.
/// </summary>
internal sealed class SettledRows(TimeProvider time)
{
    /// <summary>Longer than any transaction that writes such rows.</summary>
    private static readonly TimeSpan GapsClose = TimeSpan.FromMinutes(1);

    private static readonly TimeSpan Apart = TimeSpan.FromSeconds(1);

    private readonly Lock _lock = new();
    private readonly Queue<(DateTimeOffset Seen, long Last)> _looks = new();
    private DateTimeOffset _looked;
    private long _closed;

    /// <summary>Returns the rows before the first id that may still appear.</summary>
    /// <param name="rows">Must be in the order of their ids.</param>
    /// <param name="known">The last id that was read before.</param>
    /// <param name="last">The highest id in the table.</param>
    public List<T> Of<T>(IEnumerable<T> rows, long known, long last, Func<T, long> idOf)
    {
        var closed = Look(last);
        return
        [
            .. rows.TakeWhile(row =>
            {
                var id = idOf(row);
                var next = id == known + 1 || id <= closed;
                known = id;
                return next;
            }),
        ];
    }

    /// <summary>The highest id up to which no row can still appear.</summary>
    private long Look(long last)
    {
        lock (_lock)
        {
            var now = time.GetUtcNow();
            if (_looks.Count == 0 || now - _looked >= Apart)
            {
                _looks.Enqueue((now, last));
                _looked = now;
            }

            while (_looks.TryPeek(out var look) && now - look.Seen > GapsClose)
            {
                _closed = Math.Max(_closed, _looks.Dequeue().Last);
            }

            return _closed;
        }
    }
}
