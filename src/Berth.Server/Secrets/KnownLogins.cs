using Berth.Server.Access;
using Berth.Server.Registries;

namespace Berth.Server.Secrets;

/// <summary>The part of a report on sets of secrets that a person may know.</summary>
internal static class KnownLogins
{
    /// <summary>
    /// People may know about their own secrets. If they can write to the repository, they may also know about its secrets and the
    /// organization's. Only members may know about secrets that the organization does not assign to the repository.
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
