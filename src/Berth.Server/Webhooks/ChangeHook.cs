using System.Text;
using System.Text.Json.Nodes;
using Berth.Server.Api;
using Berth.Server.Audit;
using Berth.Server.Cryptography;
using Berth.Server.Database;

namespace Berth.Server.Webhooks;

/// <summary>Creates, changes and pings hooks. A new hook is pinged at once, so that a wrong address is noticed.</summary>
internal sealed class ChangeHook(Db db, MasterKey masterKey, AuditLog audit, TimeProvider time)
{
    private const int Most = 20;
    private const string Resource = "Hook";

    public Task<HookRow> CreateAsync(HookPlace place, HookRequestBody wanted, AuditEntry where, ApiCaller caller, CancellationToken token)
    {
        var now = time.GetUtcNow();
        return db.WriteAsync(
            async session =>
            {
                if (await HookTable.CountAsync(session, place) >= Most)
                {
                    ApiErrors.Unprocessable(Resource, "hooks", $"there are {Most} webhooks already, which is the most").Throw();
                }

                var row = wanted.ApplyTo(new HookRow
                {
                    OrganizationId = place.OrganizationId,
                    RepositoryId = place.RepositoryId,
                    Active = true,
                    Events = "package",
                    Version = now.ToUnixTimeMilliseconds(),
                    CreatedAt = now,
                    UpdatedAt = now,
                });
                row = Sealed(row with { Id = await HookTable.InsertAsync(session, row) }, wanted.Secret, now);
                await HookTable.UpdateAsync(session, row);
                await PingAsync(session, row, place, caller, now);
                await audit.RecordAsync(session, caller.Actor, where with { Action = "hook.create", Subject = Subject(row) });
                return row;
            },
            token);
    }

    /// <summary>Returns null when there is no such hook.</summary>
    public Task<HookRow?> ChangeAsync(
        HookPlace place, long id, HookRequestBody wanted, AuditEntry where, ApiCaller caller, CancellationToken token)
    {
        var now = time.GetUtcNow();
        return db.WriteAsync(
            async session =>
            {
                if (await HookTable.FindAsync(session, place, id) is not { } old)
                {
                    return null;
                }

                var row = Sealed(wanted.ApplyTo(old) with { UpdatedAt = now }, wanted.Secret, now);
                await HookTable.UpdateAsync(session, row);
                await audit.RecordAsync(session, caller.Actor, where with { Action = "hook.config_changed", Subject = Subject(row) });
                return row;
            },
            token);
    }

    public Task<bool> DeleteAsync(HookPlace place, long id, AuditEntry where, ApiCaller caller, CancellationToken token) => db.WriteAsync(
        async session =>
        {
            if (await HookTable.FindAsync(session, place, id) is not { } row || !await HookTable.DeleteAsync(session, place, id))
            {
                return false;
            }

            await audit.RecordAsync(session, caller.Actor, where with { Action = "hook.destroy", Subject = Subject(row) });
            return true;
        },
        token);

    /// <summary>Returns false when there is no such hook.</summary>
    public Task<bool> PingAsync(HookPlace place, long id, ApiCaller caller, CancellationToken token) => db.WriteAsync(
        async session =>
        {
            if (await HookTable.FindAsync(session, place, id) is not { } row)
            {
                return false;
            }

            await PingAsync(session, row, place, caller, time.GetUtcNow());
            return true;
        },
        token);

    private static string Subject(HookRow row) => $"hook:{row.Id.ToString(System.Globalization.CultureInfo.InvariantCulture)}";

    /// <summary>Seals the given secret. An empty one removes the secret, and null leaves it as it is.</summary>
    private HookRow Sealed(HookRow row, string? secret, DateTimeOffset now)
    {
        if (secret is null)
        {
            return row;
        }

        var version = Math.Max(row.Version + 1, now.ToUnixTimeMilliseconds());
        return row with
        {
            Version = version,
            Value = secret.Length == 0
                ? null
                : Envelope.Seal(Encoding.UTF8.GetBytes(secret), HookRow.Identity(row.Id, version), masterKey),
        };
    }

    private static Task PingAsync(DbSession session, HookRow row, HookPlace place, ApiCaller caller, DateTimeOffset now)
    {
        var payload = new JsonObject
        {
            ["zen"] = "Keep it simple.",
            ["hook_id"] = row.Id,
            ["hook"] = Events.HookPayload.Node(row.ToWire(place.Url)),
            ["sender"] = new JsonObject { ["login"] = caller.User.Login, ["id"] = caller.User.UserId, ["type"] = "User" },
        };
        return DeliveryTable.InsertAsync(
            session,
            new DeliveryRow
            {
                HookId = row.Id,
                Guid = Guid.CreateVersion7(now).ToString(),
                Event = "ping",
                NextAt = now,
                CreatedAt = now,
                Payload = payload.ToJsonString(),
            });
    }
}
