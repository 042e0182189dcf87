using System.Text.Json;
using Berth.Client.Wire;
using Berth.Server.Access;
using Berth.Server.Audit;
using Berth.Server.Database;

namespace Berth.Server.Packages.Rules;

/// <summary>An administrator's decision to change tags although a rule refuses it. The audit log records every use.</summary>
internal sealed record TagOverride(AuditLog Audit, string Reason)
{
    public const string Action = "push_rule.override";

    /// <param name="change">Null: the whole package is deleted.</param>
    public Task RecordAsync(DbSession session, ChangeActor actor, PackageName package, TagChange? change, string refusal) =>
        Audit.RecordAsync(
            session, actor,
            AuditEntry.In(package.OwnerId, package.Owner, Action) with
            {
                Package = package.Address,
                Tag = change?.Tag,
                Version = change?.To,
                Old = change?.From,
                New = JsonSerializer.Serialize(
                    new PushRuleOverride { Version = change?.To, Reason = Reason, Refusal = refusal },
                    BerthJson.Wire.Of<PushRuleOverride>()),
            });
}
