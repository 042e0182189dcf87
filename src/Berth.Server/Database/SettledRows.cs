namespace Berth.Server.Database;

/// <summary>
/// What a reader of a growing table may take as read once and for all. PostgreSQL gives out ids before it commits, so a missing one may
/// still come; that is over when a later one has been there for a while. When a row came is what the reader itself saw: the time that
/// stands in a row may be that of something long before. One for each reader and table.
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

    /// <summary>Those before the first id that may still come.</summary>
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

    /// <summary>No id up to this one can still come.</summary>
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
