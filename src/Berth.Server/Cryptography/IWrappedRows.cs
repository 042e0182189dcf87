using Berth.Server.Database;

namespace Berth.Server.Cryptography;

/// <summary>A row with a value that the master key wraps.</summary>
internal sealed record WrappedRow
{
    /// <summary>Rows are read in the order of their ids.</summary>
    public long Id { get; init; }

    public byte[] Value { get; init; } = [];

    /// <summary>What the value is bound to.</summary>
    public string Purpose { get; init; } = "";
}

/// <summary>
/// A table with values that the master key wraps. Every feature with such a table registers it, so that a rotation finds its rows.
/// </summary>
internal interface IWrappedRows
{
    Task<long> CountAsync(DbSession session);

    /// <summary>Reads the next rows after an id.</summary>
    Task<List<WrappedRow>> ReadAsync(DbSession session, long after, int limit);

    /// <summary>Returns the value wrapped by the present key. Null when it is already.</summary>
    /// <exception cref="System.Security.Cryptography.CryptographicException">The row cannot be unwrapped.</exception>
    byte[]? Rewrap(WrappedRow row, MasterKey masterKey) => masterKey.Rewrap(row.Value, row.Purpose);

    /// <summary>
    /// Stores the value unless the row was changed since it was read. A row that was changed has been wrapped by the present key.
    /// </summary>
    Task<int> ReplaceAsync(DbSession session, WrappedRow row, byte[] value);

    /// <summary>Called when a rotation begins, in the same transaction.</summary>
    Task BeginAsync(DbSession session, DateTimeOffset now) => Task.CompletedTask;
}
