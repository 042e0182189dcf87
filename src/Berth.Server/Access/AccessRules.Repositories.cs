namespace Berth.Server.Access;

/// <summary>The rules for repositories, and for what depends on a role on one.</summary>
public static partial class AccessRules
{
    /// <summary>Whether somebody may read, by a role or by visibility.</summary>
    public static bool MayRead(RepositoryStanding standing) => standing.CanRead;

    /// <summary>Whether somebody may read with a token. Public repositories need neither a scope nor a token.</summary>
    public static bool MayRead(RepositoryFacts repository, RepositoryStanding standing, bool scoped) =>
        repository.Openness == Visibility.Public || (scoped && MayRead(standing));

    /// <summary>Whether somebody may write. Only a role allows it, since public visibility gives reading only.</summary>
    public static bool MayWrite(RepositoryStanding standing) => May(Role.Write, standing);

    public static bool May(Role needed, RepositoryStanding standing) => standing.NamedRole >= needed;

    /// <summary>
    /// A codespace gets the secrets of its repository and organization only for a user who can write, since such a user could change what
    /// reads them anyway.
    /// </summary>
    public static bool GetsSecrets(RepositoryStanding standing) => MayWrite(standing);

    /// <summary>Only members may know the names of the organization's secrets that the repository does not get.</summary>
    public static bool KnowsSecretsOfOrganization(RepositoryStanding standing) => standing.IsMember;

    internal static bool Owns(PersonInNamespace person) =>
        person.Owner.IsOrganization ? person.Membership == "admin" : person.UserId == person.Owner.Id;

    internal static bool IsMember(PersonInNamespace person) => person.Membership is not null;

    /// <summary>
    /// Owners may create repositories anywhere in their namespace. Members of an organization may if its settings allow it.
    /// </summary>
    internal static bool MayCreateRepository(PersonInNamespace person) =>
        Owns(person) || (IsMember(person) && person.Owner.MembersCanCreateRepositories);
}
