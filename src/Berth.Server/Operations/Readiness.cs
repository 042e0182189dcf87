using System.Data.Common;
using Berth.Server.Database;

namespace Berth.Server.Operations;

/// <summary>Whether requests can be served: the database answers.</summary>
internal static class Readiness
{
    public static async Task<IResult> CheckAsync(Db db, CancellationToken cancellationToken)
    {
        try
        {
            await db.ReadAsync(session => session.SingleAsync<long>("select count(*) from server_keys"), cancellationToken);
            return Results.Text("ok\n");
        }
        catch (DbException exception)
        {
            return Results.Text($"the database does not answer: {exception.GetType().Name}\n", statusCode: 503);
        }
    }
}
