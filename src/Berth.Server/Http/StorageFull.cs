using Microsoft.Data.Sqlite;
using Npgsql;

namespace Berth.Server.Http;

/// <summary>Recognises a full disk in what stores and databases throw.</summary>
internal static class StorageFull
{
    private const int LinuxNoSpace = 28;      // ENOSPC
    private const int LinuxQuota = 122;       // EDQUOT
    private const int SqliteFull = 13;        // https://www.sqlite.org/rescode.html#full
    private const int SqliteIoError = 10;

    public static bool Is(Exception exception) => exception switch
    {
        IOException io => (io.HResult & 0xFFFF) is LinuxNoSpace or LinuxQuota || io.HResult is LinuxNoSpace or LinuxQuota,
        SqliteException sqlite => sqlite.SqliteErrorCode is SqliteFull or SqliteIoError,
        PostgresException postgres => postgres.SqlState == PostgresErrorCodes.DiskFull,
        _ => false,
    };
}
