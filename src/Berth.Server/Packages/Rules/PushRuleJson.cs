using Berth.Client.Wire;
using Berth.Server.Access;

namespace Berth.Server.Packages.Rules;

/// <summary>Rules as the REST API shows them.</summary>
internal static class PushRuleJson
{
    public static PushRule ToWire(this StoredRule stored) => new()
    {
        Id = stored.Rule.Id,
        Source = stored.Rule.OfOwner ? "owner" : "package",
        Pattern = stored.Rule.Pattern,
        Immutable = stored.Rule.Immutable,
        Allow = stored.Rule.Allow is { } allow
            ? [
                .. allow.Select(one => new PushAllowance
                {
                    Role = one.Role == Role.None ? null : one.Role.Name(),
                    Team = one.Team,
                    Workflow = one.Repository,
                    Ref = one.Ref,
                    Environment = one.Environment,
                }),
            ]
            : null,
        CreatedBy = stored.CreatedBy,
        CreatedAt = stored.CreatedAt,
    };
}
