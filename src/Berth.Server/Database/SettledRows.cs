namespace Berth.Server.Database;

/// <summary>What a reader of a growing table may take as read once and for all.</summary>
internal static class SettledRows
{
    /// <summary>
    /// PostgreSQL gives out ids before it commits: a missing one may still come, for as long as this after the row behind it.
    /// </summary>
    private static readonly TimeSpan GapsClose = TimeSpan.FromMinutes(1);

    /// <summary>Those before the first id that may still come.</summary>
    /// <param name="rows">In the order of their ids.</param>
    /// <param name="known">The last id that was read before.</param>
    public static List<T> Of<T>(IEnumerable<T> rows, long known, DateTimeOffset now, Func<T, (long Id, DateTimeOffset At)> place) =>
    [
        .. rows.TakeWhile(row =>
        {
            var (id, at) = place(row);
            var next = id == known + 1 || now - at > GapsClose;
            known = id;
            return next;
        }),
    ];
}
