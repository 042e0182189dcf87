namespace Berth.Server.Access;

/// <summary>The rules of repositories, and of what depends on a role there.</summary>
public static partial class AccessRules
{
    /// <summary>By name or by visibility.</summary>
    public static bool MayRead(RepositoryStanding standing) => standing.CanRead;

    /// <summary>Through a token: what is public needs neither scope nor token.</summary>
    public static bool MayRead(RepositoryFacts repository, RepositoryStanding standing, bool scoped) =>
        repository.Openness == Visibility.Public || (scoped && MayRead(standing));

    /// <summary>By name: that everybody reads a public repository lets nobody write to it.</summary>
    public static bool MayWrite(RepositoryStanding standing) => May(Role.Write, standing);

    public static bool May(Role needed, RepositoryStanding standing) => standing.NamedRole >= needed;

    /// <summary>Codespaces get the secrets of a repository and its organization for a user who could change what reads them.</summary>
    public static bool GetsSecrets(RepositoryStanding standing) => MayWrite(standing);

    /// <summary>The names of an organization's secrets that a repository does not get are for members.</summary>
    public static bool KnowsSecretsOfOrganization(RepositoryStanding standing) => standing.IsMember;

    internal static bool Owns(PersonInNamespace person) =>
        person.Owner.IsOrganization ? person.Membership == "admin" : person.UserId == person.Owner.Id;

    internal static bool IsMember(PersonInNamespace person) => person.Membership is not null;

    /// <summary>Owners anywhere in their namespace; members of an organization where its settings let them.</summary>
    internal static bool MayCreateRepository(PersonInNamespace person) =>
        Owns(person) || (IsMember(person) && person.Owner.MembersCanCreateRepositories);
}
