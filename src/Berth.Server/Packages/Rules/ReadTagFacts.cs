using Berth.Server.Access;
using Berth.Server.Database;

namespace Berth.Server.Packages.Rules;

/// <summary>
/// Reads the facts for a decision about a tag: the rules, the caller's role, and the caller's teams if a rule names some.
/// </summary>
internal static class ReadTagFacts
{
    /// <param name="principal">Null: the server itself.</param>
    public static async Task<TagFacts> LoadAsync(
        DbSession session, Principal? principal, PackageAddress address, IReadOnlyList<TagRule> rules) => new()
        {
            Package = principal is null
                ? new PackageFacts(await AccessDecisions.SubjectAsync(session, address))
                : await AccessDecisions.LoadAsync(session, principal, address),
            Rules = rules,
            Teams = principal is UserPrincipal user && rules.Any(rule => rule.Allow?.Any(one => one.TeamId is not null) == true)
                ? await TagRuleTable.TeamsAsync(session, user.UserId)
                : [],
        };
}
