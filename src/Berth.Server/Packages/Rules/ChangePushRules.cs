using System.Text.Json;
using Berth.Client.Wire;
using Berth.Server.Api;
using Berth.Server.Audit;
using Berth.Server.Database;
using Berth.Server.Http;

namespace Berth.Server.Packages.Rules;

/// <summary>
/// Adds rules and removes them. The owner's audit log records both. A rule never changes, so that its number always means the same rule.
/// </summary>
internal sealed class ChangePushRules(Db db, AuditLog audit, TimeProvider time)
{
    private const int Most = 100;

    /// <exception cref="ApiException">422: there are too many rules, or a name does not exist.</exception>
    public Task<PushRule> AddAsync(ApiCaller caller, RulePlace place, NewPushRule wanted, CancellationToken cancellationToken) =>
        db.WriteAsync(
            async session =>
            {
                if (await TagRuleTable.CountAsync(session, place) >= Most)
                {
                    ApiErrors.Unprocessable(PushRuleRequest.Resource, "pattern", $"there are {Most} rules already; remove one").Throw();
                }

                var rule = await PushRuleRequest.ResolveAsync(session, caller.User, place, wanted);
                var id = await TagRuleTable.InsertAsync(session, place, rule, caller.User.Login, time.GetUtcNow());
                var added = (await TagRuleTable.FindAsync(session, place, id))!.ToWire();
                await audit.RecordAsync(session, caller.Actor, Entry(place, "push_rule.create", id) with { New = Text(added) });
                return added;
            },
            cancellationToken);

    /// <summary>Returns false when this account or package has no such rule.</summary>
    public Task<bool> RemoveAsync(ApiCaller caller, RulePlace place, long id, CancellationToken cancellationToken) => db.WriteAsync(
        async session =>
        {
            if (await TagRuleTable.FindAsync(session, place, id) is not { } rule)
            {
                return false;
            }

            await TagRuleTable.DeleteAsync(session, id);
            await TagRuleTable.ForgetAsync(session, place);
            await audit.RecordAsync(session, caller.Actor, Entry(place, "push_rule.destroy", id) with { Old = Text(rule.ToWire()) });
            return true;
        },
        cancellationToken);

    internal static string Subject(long id) => $"push_rule:{id}";

    private static AuditEntry Entry(RulePlace place, string action, long id) =>
        AuditEntry.In(place.OwnerId, place.Owner, action, Subject(id)) with { Package = place.Package };

    private static string Text(PushRule rule) => JsonSerializer.Serialize(rule, BerthJson.Wire.Of<PushRule>());
}
