using Microsoft.Data.Sqlite;
using Npgsql;

namespace Berth.Server.Http;

/// <summary>The possible faults of the storage of bytes and rows.</summary>
public enum StorageFault
{
    Full,

    /// <summary>The file system accepts no writes, because it was mounted so or because it is damaged.</summary>
    ReadOnly,

    /// <summary>The device answers with errors, or is gone.</summary>
    Broken,
}

/// <summary>Recognises storage that is full, read-only or broken, by the exceptions of files and databases.</summary>
internal static class StorageFaults
{
    // Values from errno(3), which .NET passes on in HResult.
    private const int NoSuchDeviceOrAddress = 6;    // ENXIO
    private const int InputOutput = 5;              // EIO
    private const int NoSuchDevice = 19;            // ENODEV
    private const int NoSpace = 28;                 // ENOSPC
    private const int ReadOnlyFileSystem = 30;      // EROFS
    private const int StaleHandle = 116;            // ESTALE: a network file system lost the file
    private const int NeedsCleaning = 117;          // EUCLEAN: the file system is damaged
    private const int Quota = 122;                  // EDQUOT

    // https://www.sqlite.org/rescode.html
    private const int SqliteReadOnly = 8;
    private const int SqliteIoError = 10;
    private const int SqliteFull = 13;
    private const int SqliteIoErrorNoMemory = 3082;
    private const int SqliteIoErrorShmSize = 4874;  // "may indicate that the underlying filesystem volume is out of space"

    /// <summary>Null when the exception means something else.</summary>
    public static StorageFault? Of(Exception exception) => exception switch
    {
        IOException io => OfErrno(io.HResult),
        SqliteException sqlite => OfSqlite(sqlite.SqliteErrorCode, sqlite.SqliteExtendedErrorCode),
        PostgresException { SqlState: PostgresErrorCodes.DiskFull } => StorageFault.Full,
        PostgresException { SqlState: PostgresErrorCodes.IoError } => StorageFault.Broken,
        _ => null,
    };

    private static StorageFault? OfErrno(int errno) => errno switch
    {
        NoSpace or Quota => StorageFault.Full,
        ReadOnlyFileSystem => StorageFault.ReadOnly,
        InputOutput or NoSuchDevice or NoSuchDeviceOrAddress or StaleHandle or NeedsCleaning => StorageFault.Broken,
        _ => null,
    };

    private static StorageFault? OfSqlite(int code, int extended) => (code, extended) switch
    {
        (SqliteFull, _) or (_, SqliteIoErrorShmSize) => StorageFault.Full,
        (SqliteReadOnly, _) => StorageFault.ReadOnly,
        (_, SqliteIoErrorNoMemory) => null,
        (SqliteIoError, _) => StorageFault.Broken,
        _ => null,
    };
}
