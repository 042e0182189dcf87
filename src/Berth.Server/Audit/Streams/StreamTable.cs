using Berth.Server.Database;

namespace Berth.Server.Audit.Streams;

/// <summary>The place of each stream in each of the two tables that make up the log.</summary>
internal static class StreamTable
{
    public static async Task<long> PositionAsync(DbSession session, string stream, int source) =>
        await session.FirstOrDefaultAsync<long?>(
            "select position from audit_streams where stream = @stream and source = @source", new { stream, source }) ?? 0;

    public static Task MoveAsync(DbSession session, string stream, int source, long position) => session.ExecuteAsync(
        """
        insert into audit_streams (stream, source, position) values (@stream, @source, @position)
        on conflict (stream, source) do update set position = @position
        """,
        new { stream, source, position });
}
