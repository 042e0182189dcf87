using Berth.Server.Database;

namespace Berth.Server.Cryptography;

/// <summary>A row with something that the master key wraps.</summary>
internal sealed record WrappedRow
{
    /// <summary>Rows come in the order of their ids.</summary>
    public long Id { get; init; }

    public byte[] Value { get; init; } = [];

    /// <summary>What the value is bound to.</summary>
    public string Purpose { get; init; } = "";
}

/// <summary>
/// A table that holds what the master key wraps. Whoever keeps such a table registers it, so that a rotation finds its rows.
/// </summary>
internal interface IWrappedRows
{
    Task<long> CountAsync(DbSession session);

    /// <summary>The next rows after an id.</summary>
    Task<List<WrappedRow>> ReadAsync(DbSession session, long after, int limit);

    /// <summary>The value under the key in force; null when it is already.</summary>
    /// <exception cref="System.Security.Cryptography.CryptographicException">The row does not open.</exception>
    byte[]? Rewrap(WrappedRow row, MasterKey masterKey) => masterKey.Rewrap(row.Value, row.Purpose);

    /// <summary>Stores it unless the row was changed since it was read: whoever changed it used the key in force.</summary>
    Task<int> ReplaceAsync(DbSession session, WrappedRow row, byte[] value);

    /// <summary>A rotation begins, in the same transaction.</summary>
    Task BeginAsync(DbSession session, DateTimeOffset now) => Task.CompletedTask;
}
