using Microsoft.Data.Sqlite;
using Npgsql;

namespace Berth.Server.Http;

/// <summary>Why a write failed because of other writes. Nothing of it is stored.</summary>
public enum WriteConflict
{
    /// <summary>Something of that name exists already, which a unique index forbids.</summary>
    Taken,

    /// <summary>Something that the write refers to no longer exists, which a foreign key forbids.</summary>
    Gone,

    /// <summary>Other writes kept changing what this one depends on.</summary>
    Busy,
}

/// <summary>Recognises conflicts by the exceptions of databases.</summary>
internal static class WriteConflicts
{
    // https://www.sqlite.org/rescode.html#extrc
    private const int SqliteForeignKey = 787;
    private const int SqlitePrimaryKey = 1555;
    private const int SqliteUnique = 2067;

    /// <summary>Null when the exception means something else.</summary>
    public static WriteConflict? Of(Exception exception) => exception switch
    {
        PostgresException { SqlState: PostgresErrorCodes.SerializationFailure or PostgresErrorCodes.DeadlockDetected } =>
            WriteConflict.Busy,
        PostgresException { SqlState: PostgresErrorCodes.UniqueViolation } => WriteConflict.Taken,
        PostgresException { SqlState: PostgresErrorCodes.ForeignKeyViolation } => WriteConflict.Gone,
        SqliteException { SqliteExtendedErrorCode: SqlitePrimaryKey or SqliteUnique } => WriteConflict.Taken,
        SqliteException { SqliteExtendedErrorCode: SqliteForeignKey } => WriteConflict.Gone,
        _ => null,
    };
}
