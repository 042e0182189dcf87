using System.Diagnostics.CodeAnalysis;
using Berth.Server.Oci;

namespace Berth.Server.Access;

/// <summary>The names in a package's address. The package may or may not exist.</summary>
/// <param name="Type"><c>container</c> or <c>npm</c>.</param>
/// <param name="Name">In lower case. A container's name may contain slashes.</param>
public sealed record PackageAddress(string Owner, string Type, string Name)
{
    public const string Container = "container";
    public const string Npm = "npm";

    public override string ToString() => Type == Npm ? $"@{Owner}/{Name}" : $"{Owner}/{Name}";
}

/// <summary>Finds the package of an image in Berth's own registry.</summary>
internal static class ImagePackages
{
    extension(ImageName name)
    {
        public PackageAddress Address => new(name.Owner, PackageAddress.Container, name.Package);
    }
}

/// <summary>What somebody wants to do with a package.</summary>
public enum PackageAction
{
    Pull,

    /// <summary>Publishes a version, and creates the package if it does not exist.</summary>
    Push,

    Delete,

    /// <summary>Changes visibility, link, inheritance and access.</summary>
    Manage,
}

/// <summary>A named role and where it comes from: <c>collaborator</c>, <c>team core</c>, <c>organization owner</c>.</summary>
public sealed record RoleSource
{
    public string Source { get; init; } = "";

    public string Role { get; init; } = "";
}

/// <summary>The facts of a repository that access depends on.</summary>
public sealed record RepositoryFacts
{
    public long Id { get; init; }

    public long OwnerId { get; init; }

    public string OwnerLogin { get; init; } = "";

    public bool OwnerIsOrganization { get; init; }

    public string Name { get; init; } = "";

    public string Visibility { get; init; } = "private";

    public Visibility Openness => VisibilityNames.Parse(Visibility);

    public string FullName => $"{OwnerLogin}/{Name}";
}

/// <summary>One person's roles on one repository.</summary>
/// <param name="Named">Roles held by name. Reading by visibility is not among them.</param>
/// <param name="CanRead">Whether reading is allowed, by a role or by visibility.</param>
public sealed record RepositoryStanding(IReadOnlyList<RoleSource> Named, bool CanRead)
{
    public static readonly RepositoryStanding Nobody = new([], CanRead: false);

    /// <summary>Whether the person belongs to the organization that owns the repository, with or without a role on it.</summary>
    public bool IsMember { get; init; }

    public static RepositoryStanding Of(RepositoryFacts repository, IReadOnlyList<RoleSource> named, bool isMember) =>
        new(named, repository.Openness == Visibility.Public || (repository.Openness == Visibility.Internal && isMember) || named.Count > 0)
        {
            IsMember = isMember,
        };

    public Role NamedRole => Named.Count == 0 ? Role.None : Named.Max(n => RoleNames.OfRepository(n.Role));
}

/// <summary>The facts of a package that do not depend on who asks.</summary>
public record PackageSubject
{
    public required PackageAddress Address { get; init; }

    /// <summary>Null when there is no such account. Nothing may be read or created there then.</summary>
    public OwnerFacts? Owner { get; init; }

    /// <summary>Null when no live package has this name.</summary>
    public long? PackageId { get; init; }

    public Visibility Visibility { get; init; }

    public bool Inherits { get; init; }

    public RepositoryFacts? Linked { get; init; }

    public bool Exists => PackageId is not null;
}

/// <summary>
/// Everything that decides whether one principal may do something with one package, as it was in the database at one moment.
/// </summary>
public sealed record PackageFacts : PackageSubject
{
    public PackageFacts()
    {
    }

    [SetsRequiredMembers]
    public PackageFacts(PackageSubject subject)
        : base(subject)
    {
    }

    /// <summary>
    /// The owner's repository that has the name of the package's first segment. Only those who can write to it may use the name.
    /// </summary>
    public RepositoryFacts? NameKeeper { get; init; }

    /// <summary>The facts below are about the user: a user principal's, or a codespace's creator.</summary>
    public bool UserOwnsNamespace { get; init; }

    public bool UserIsMember { get; init; }

    /// <summary>Explicit grants to the user or the user's teams.</summary>
    public IReadOnlyList<RoleSource> Grants { get; init; } = [];

    public RepositoryStanding OnLinked { get; init; } = RepositoryStanding.Nobody;

    public RepositoryStanding OnNameKeeper { get; init; } = RepositoryStanding.Nobody;

    /// <summary>The repository that a workflow or codespace acts for. Null when it is gone.</summary>
    public RepositoryFacts? Acting { get; init; }

    /// <summary>The roles of the codespace's creator on that repository.</summary>
    public RepositoryStanding OnActing { get; init; } = RepositoryStanding.Nobody;

    public Role ActionsRole { get; init; }

    public bool OnCodespacesList { get; init; }

    /// <summary>Whether the codespace's configuration asks for the packages of the linked repository, which is not its own.</summary>
    public bool LinkedAsked { get; init; }

    /// <summary>Whether the codespace's creator has permitted that to codespaces of its repository.</summary>
    public bool LinkedPermitted { get; init; }

    public bool LinkedToActing => Linked is not null && Acting is not null && Linked.Id == Acting.Id;
}

/// <summary>The account that owns the name, and its settings for packages if it is an organization.</summary>
public record OwnerFacts
{
    public OwnerFacts()
    {
    }

    /// <summary>Copies only these facts, without others that were read with them.</summary>
    public OwnerFacts(OwnerFacts facts)
    {
        Id = facts.Id;
        Login = facts.Login;
        IsOrganization = facts.IsOrganization;
        MembersCanCreateRepositories = facts.MembersCanCreateRepositories;
        MembersCanCreatePublicPackages = facts.MembersCanCreatePublicPackages;
        MembersCanCreateInternalPackages = facts.MembersCanCreateInternalPackages;
        MembersCanCreatePrivatePackages = facts.MembersCanCreatePrivatePackages;
        WorkflowsCanCreatePackages = facts.WorkflowsCanCreatePackages;
        PublicPackagesAllowed = facts.PublicPackagesAllowed;
        InternalPackagesAllowed = facts.InternalPackagesAllowed;
        InheritAccessOnLink = facts.InheritAccessOnLink;
        FirstPublishVisibility = facts.FirstPublishVisibility;
        TokenMaxDays = facts.TokenMaxDays;
        UnrestrictedTokensAllowed = facts.UnrestrictedTokensAllowed;
    }

    public long Id { get; init; }

    public string Login { get; init; } = "";

    public bool IsOrganization { get; init; }

    public bool MembersCanCreateRepositories { get; init; }

    public bool MembersCanCreatePublicPackages { get; init; }

    public bool MembersCanCreateInternalPackages { get; init; }

    public bool MembersCanCreatePrivatePackages { get; init; }

    public bool WorkflowsCanCreatePackages { get; init; }

    public bool PublicPackagesAllowed { get; init; } = true;

    public bool InternalPackagesAllowed { get; init; } = true;

    public bool InheritAccessOnLink { get; init; }

    public string FirstPublishVisibility { get; init; } = "repository";

    /// <summary>How many days a personal token may live to reach the organization's packages. Null: any time.</summary>
    public long? TokenMaxDays { get; init; }

    /// <summary>Whether personal tokens that are not narrowed to packages reach the organization's packages.</summary>
    public bool UnrestrictedTokensAllowed { get; init; } = true;

    public bool MembersCanCreate(Visibility visibility) => visibility switch
    {
        Visibility.Public => MembersCanCreatePublicPackages,
        Visibility.Internal => MembersCanCreateInternalPackages,
        _ => MembersCanCreatePrivatePackages,
    };

    /// <summary>Limits the visibility of a package that begins to inherit from a repository to that of the repository.</summary>
    public Visibility Tighten(Visibility visibility, RepositoryFacts repository) =>
        visibility > repository.Openness ? Clamp(repository.Openness) : visibility;

    /// <summary>Replaces a visibility that is not allowed with private. Internal exists in organizations only.</summary>
    public Visibility Clamp(Visibility visibility) => visibility switch
    {
        Visibility.Public when IsOrganization && !PublicPackagesAllowed => Visibility.Private,
        Visibility.Internal when !IsOrganization || !InternalPackagesAllowed => Visibility.Private,
        _ => visibility,
    };
}
