using Berth.Server.Database;

namespace Berth.Server.Webhooks;

/// <summary>All SQL on deliveries.</summary>
internal static class DeliveryTable
{
    private const string Short =
        "id, hook_id, guid, event, action, event_id, redelivery, state, attempts, next_at, created_at, delivered_at, duration, status, "
            + "status_code";

    private const string Columns = Short + ", url, request_headers, response_headers, response_body, payload";

    public static Task<long> InsertAsync(DbSession session, DeliveryRow row) => session.SingleAsync<long>(
        """
        insert into hook_deliveries (hook_id, guid, event, action, event_id, redelivery, state, attempts, next_at, created_at, duration,
          status, status_code, payload)
        values (@HookId, @Guid, @Event, @Action, @EventId, @Redelivery, 'waiting', 0, @NextAt, @CreatedAt, 0, 'waiting', 0, @Payload)
        returning id
        """,
        row);

    /// <summary>The newest first, beginning before a given one.</summary>
    public static Task<List<DeliveryRow>> ListAsync(DbSession session, long hookId, long before, int most) =>
        session.QueryAsync<DeliveryRow>(
            $"select {Short} from hook_deliveries where hook_id = @hookId and id < @before order by id desc limit @most",
            new { hookId, before, most });

    /// <summary>The newest delivery of each hook that has any.</summary>
    public static async Task<Dictionary<long, DeliveryRow>> LastAsync(DbSession session, IReadOnlyCollection<long> hookIds) =>
        (hookIds.Count == 0 ? [] : await session.QueryAsync<DeliveryRow>(
            $"""
            select {Short} from hook_deliveries
            where id in (select max(d.id) from hook_deliveries d where d.hook_id in @hookIds group by d.hook_id)
            """,
            new { hookIds = hookIds.ToArray() }))
        .ToDictionary(row => row.HookId);

    public static Task<DeliveryRow?> FindAsync(DbSession session, long hookId, long id) => session.FirstOrDefaultAsync<DeliveryRow>(
        $"select {Columns} from hook_deliveries where hook_id = @hookId and id = @id", new { hookId, id });

    /// <summary>The due deliveries, those of each hook in the order of their creation.</summary>
    public static Task<List<DeliveryRow>> DueAsync(DbSession session, DateTimeOffset now, int most) => session.QueryAsync<DeliveryRow>(
        """
        select id, hook_id from (
            select id, hook_id, next_at from hook_deliveries where state = 'waiting' and next_at <= @now
            order by next_at, id limit @most) due
        order by id
        """,
        new { now, most });

    /// <summary>
    /// Reserves a delivery until the given time. Null when another node has it. If the node dies, the next one takes it after that time.
    /// </summary>
    public static Task<DeliveryRow?> TakeAsync(DbSession session, long id, DateTimeOffset now, DateTimeOffset until) =>
        session.FirstOrDefaultAsync<DeliveryRow>(
            $"""
            update hook_deliveries set next_at = @until, attempts = attempts + 1
            where id = @id and state = 'waiting' and next_at <= @now
            returning {Columns}
            """,
            new { id, now, until });

    public static Task<int> EndAsync(DbSession session, DeliveryRow row) => session.ExecuteAsync(
        """
        update hook_deliveries set state = @State, next_at = @NextAt, delivered_at = @DeliveredAt, duration = @Duration, status = @Status,
          status_code = @StatusCode, url = @Url, request_headers = @RequestHeaders, response_headers = @ResponseHeaders,
          response_body = @ResponseBody
        where id = @Id
        """,
        row);

    /// <summary>Removes some deliveries that are older than they are kept.</summary>
    public static Task<int> ForgetAsync(DbSession session, DateTimeOffset before, int most) => session.ExecuteAsync(
        """
        delete from hook_deliveries where id in (
            select id from hook_deliveries where created_at < @before and state <> 'waiting' order by id limit @most)
        """,
        new { before, most });
}
