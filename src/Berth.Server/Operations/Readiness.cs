using System.Data.Common;
using Berth.Server.Database;
using Berth.Server.Storage;

namespace Berth.Server.Operations;

/// <summary>
/// Whether requests can be served: the server has warmed up, the database answers, and the blob store can be read and written.
/// </summary>
internal static class Readiness
{
    public static async Task<IResult> CheckAsync(Opening opening, Db db, IBlobStore blobs, CancellationToken cancellationToken)
    {
        if (!opening.IsOpen)
        {
            return Results.Text("the server is starting\n", statusCode: 503);
        }

        try
        {
            await db.ReadAsync(session => session.SingleAsync<long>("select count(*) from server_keys"), cancellationToken);
        }
        catch (DbException exception)
        {
            return Results.Text($"the database does not answer: {exception.GetType().Name}\n", statusCode: 503);
        }

        try
        {
            await blobs.CheckAsync(cancellationToken);
        }
        catch (IOException exception)
        {
            // The reason contains paths, which only the operator may know, so callers only get its kind.
            return Results.Text($"the blob store cannot be used: {exception.GetType().Name}\n", statusCode: 503);
        }

        return Results.Text("ok\n");
    }
}
