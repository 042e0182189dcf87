using Berth.Server.Access;
using Berth.Server.Registries;

namespace Berth.Server.Secrets;

/// <summary>The part of a report on sets of secrets that a person may know.</summary>
internal static class KnownLogins
{
    /// <summary>
    /// Their own secrets; the repository's if they can write to it; the organization's too, and what it does not assign to the repository
    /// only as a member.
    /// </summary>
    public static IReadOnlyList<LoginReport> Of(RepositoryStanding standing, IReadOnlyList<LoginReport> report)
    {
        var writes = AccessRules.GetsSecrets(standing);
        var member = AccessRules.KnowsSecretsOfOrganization(standing);
        return [.. report.Where(line => line.Level switch
        {
            SecretLevel.User => true,
            SecretLevel.Repository => writes,
            _ => writes && (member || line.Outcome != LoginOutcome.Unassigned),
        })];
    }
}
