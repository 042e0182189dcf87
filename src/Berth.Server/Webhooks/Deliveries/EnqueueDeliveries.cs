using System.Text.Json;
using System.Text.Json.Nodes;
using Berth.Server.Database;
using Berth.Server.Webhooks.Events;

namespace Berth.Server.Webhooks;

/// <summary>
/// Reads the events of packages once, in their order, and creates a delivery for each hook that is subscribed to them. One transaction
/// stores the deliveries and how far events were read, so that after a kill none is missing and none is there twice.
/// </summary>
internal sealed class EnqueueDeliveries(Db db, HookPayload payloads, TimeProvider time)
{
    private const int Batch = 200;
    private static readonly string[] Names = ["package", "registry_package"];

    private readonly SettledRows _settled = new(time);

    /// <summary>Returns whether there was something to read, so that there may be more.</summary>
    public async Task<bool> RunOnceAsync(CancellationToken cancellationToken)
    {
        var (from, to, deliveries) = await db.ReadAsync(ReadAsync, cancellationToken);
        if (to == from)
        {
            return false;
        }

        await db.WriteAsync(
            async session =>
            {
                if (!await EventTable.MoveAsync(session, from, to))
                {
                    // Another node has read the same events and was first.
                    return;
                }

                foreach (var delivery in deliveries)
                {
                    await DeliveryTable.InsertAsync(session, delivery);
                }
            },
            cancellationToken);
        return true;
    }

    private async Task<(long From, long To, List<DeliveryRow> Deliveries)> ReadAsync(DbSession session)
    {
        var from = await EventTable.PositionAsync(session);
        var rows = Whole(await EventTable.AfterAsync(session, from, Batch), from, await EventTable.LastIdAsync(session));
        if (rows.Count == 0)
        {
            return (from, from, []);
        }

        var hooks = await HookTable.HearingAsync(
            session, [.. rows.Select(row => row.OwnerId).Distinct()], [.. rows.Select(row => row.RepositoryId).OfType<long>().Distinct()]);
        List<DeliveryRow> deliveries = [];
        foreach (var change in hooks.Count == 0 ? [] : rows.GroupBy(row => row.Change))
        {
            deliveries.AddRange(await OfAsync(session, [.. change], hooks));
        }

        return (from, rows[^1].Id, deliveries);
    }

    /// <summary>Returns only complete changes, up to the first id that may still appear.</summary>
    private List<EventRow> Whole(List<EventRow> rows, long from, long highest)
    {
        var most = rows.Count == Batch;
        var contiguous = _settled.Of(rows, from, highest, row => row.Id);
        if (most && contiguous.Count == Batch && contiguous[0].Change != contiguous[^1].Change)
        {
            var last = contiguous[^1].Change;
            contiguous.RemoveAll(row => row.Change == last);
        }

        return contiguous;
    }

    private async Task<List<DeliveryRow>> OfAsync(DbSession session, List<EventRow> change, List<HookRow> hooks)
    {
        var first = change[0];
        var hearing = hooks.FindAll(
            hook => hook.OrganizationId == first.OwnerId
                || (hook.RepositoryId is not null && change.Exists(row => row.RepositoryId == hook.RepositoryId)));
        if (hearing.Count == 0)
        {
            return [];
        }

        var standings = new Dictionary<long, VersionStanding>();
        foreach (var version in change.Where(row => row.VersionId is not null).DistinctBy(row => row.VersionId))
        {
            standings[version.VersionId!.Value] = await EventTable.StandingAsync(
                session, version.PackageId, version.VersionId.Value, version.Version, change[0].Id);
        }

        List<DeliveryRow> deliveries = [];
        foreach (var happening in ReleaseRule.Of(change, version => standings[version]))
        {
            var payload = await payloads.ReadAsync(session, happening);
            deliveries.AddRange(
                from hook in hearing
                from name in Names
                where hook.Hears(name)
                select For(hook, name, happening, payload));
        }

        return deliveries;
    }

    private DeliveryRow For(HookRow hook, string name, PackageHappening happening, JsonObject payload)
    {
        var now = time.GetUtcNow();
        return new DeliveryRow
        {
            HookId = hook.Id,
            Guid = Guid.CreateVersion7(now).ToString(),
            Event = name,
            Action = happening.Action,
            EventId = happening.At.Id,
            NextAt = now,
            CreatedAt = now,
            Payload = HookPayload.Named(payload, name).ToJsonString(Relaxed),
        };
    }

    private static readonly JsonSerializerOptions Relaxed = new()
    {
        Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };
}
