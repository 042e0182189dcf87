using Berth.Server.Access;
using Berth.Server.Registries;
using Berth.Server.Database;

namespace Berth.Server.Secrets;

/// <summary>What of a report on sets of secrets a person may know.</summary>
internal static class KnownSets
{
    /// <summary>
    /// Their own secrets; the repository's if they can write to it; the organization's too, and what it does not assign to the repository only as a member.
    /// </summary>
    public static async Task<IReadOnlyList<SetReport>> OfAsync(
        Db db, long userId, RepositoryFacts repository, RepositoryStanding standing, IReadOnlyList<SetReport> report, CancellationToken cancellationToken)
    {
        var writes = standing.NamedRole >= Role.Write;
        var member = repository.OwnerIsOrganization
            && await db.ReadAsync(session => AccessTable.MembershipAsync(session, repository.OwnerId, userId), cancellationToken) is not null;
        return [.. report.Where(line => line.Level switch
        {
            SecretLevel.User => true,
            SecretLevel.Repository => writes,
            _ => writes && (member || line.Outcome != SetOutcome.Unassigned),
        })];
    }
}
