using Berth.Server.Access;

namespace Berth.Tests.Access;

/// <summary>Builds the facts of one situation in the words of the rules: <c>World.Private().LinkedTo(Repo.App).Inheriting()</c>.</summary>
internal sealed record World(PackageFacts Facts)
{
    public const long Acme = 1;
    public const long Ada = 2;

    public static readonly OwnerFacts Organization = new()
    {
        Id = Acme,
        Login = "acme",
        IsOrganization = true,
        MembersCanCreatePrivatePackages = true,
        MembersCanCreateInternalPackages = true,
        WorkflowsCanCreatePackages = true,
    };

    public static World Private() => Of(Visibility.Private);

    public static World Internal() => Of(Visibility.Internal);

    public static World Public() => Of(Visibility.Public);

    public static World Missing() =>
        new(new PackageFacts { Address = new PackageAddress("acme", "container", "app"), Owner = Organization });

    public static World NoSuchAccount() => new(new PackageFacts { Address = new PackageAddress("nobody", "container", "app") });

    public World OwnedByAda() => new(Facts with { Owner = new OwnerFacts { Id = Ada, Login = "ada", WorkflowsCanCreatePackages = true } });

    public World Settings(Func<OwnerFacts, OwnerFacts> change) => new(Facts with { Owner = change(Facts.Owner!) });

    public World LinkedTo(RepositoryFacts repository) => new(Facts with { Linked = repository });

    public World Inheriting() => new(Facts with { Inherits = true });

    public World NameKeptFor(RepositoryFacts repository, string? userRole = null) =>
        new(Facts with { NameKeeper = repository, OnNameKeeper = Standing(userRole) });

    /// <summary>The person owns the namespace, as the user account itself or as an owner of the organization.</summary>
    public World ByItsOwner() => new(Facts with { UserOwnsNamespace = true, UserIsMember = Facts.Owner!.IsOrganization });

    public World ByAMember() => new(Facts with { UserIsMember = true });

    public World Granted(string role, string source = "ada") =>
        new(Facts with { Grants = [.. Facts.Grants, new RoleSource { Source = source, Role = role }] });

    /// <summary>Gives the person a named role on the linked repository.</summary>
    public World WithRoleOnLinked(string role) => new(Facts with { OnLinked = Standing(role) });

    /// <summary>Sets the repository that a workflow or codespace acts for.</summary>
    public World ActingFor(RepositoryFacts repository) =>
        new(Facts with { Acting = repository, OnActing = new RepositoryStanding([], repository.Openness == Visibility.Public) });

    /// <summary>Gives the codespace's creator a named role on that repository, or only reading by visibility.</summary>
    public World CreatorHas(string? role) => new(Facts with { OnActing = role is null ? RepositoryStanding.Nobody : Standing(role) });

    public World CreatorReadsByVisibility() => new(Facts with { OnActing = new RepositoryStanding([], CanRead: true) });

    public World OnActionsList(Role role) => new(Facts with { ActionsRole = role });

    public World OnCodespacesList() => new(Facts with { OnCodespacesList = true });

    /// <summary>The codespace's configuration asks for the packages of the linked repository.</summary>
    public World AskedFor(bool permitted) => new(Facts with { LinkedAsked = true, LinkedPermitted = permitted });

    private static World Of(Visibility visibility) => new(Missing().Facts with { PackageId = 7, Visibility = visibility });

    private static RepositoryStanding Standing(string? role) =>
        role is null
            ? RepositoryStanding.Nobody
            : new RepositoryStanding([new RoleSource { Source = "collaborator", Role = role }], CanRead: true);
}

internal static class Repo
{
    public static readonly RepositoryFacts App = Of(11, "app", "private");
    public static readonly RepositoryFacts InternalApp = App with { Visibility = "internal" };
    public static readonly RepositoryFacts PublicApp = App with { Visibility = "public" };
    public static readonly RepositoryFacts Other = Of(12, "other", "private");
    public static readonly RepositoryFacts PublicOther = Other with { Visibility = "public" };
    public static readonly RepositoryFacts Elsewhere = Of(13, "tool", "private") with { OwnerId = 99, OwnerLogin = "globex" };

    private static RepositoryFacts Of(long id, string name, string visibility) => new()
    {
        Id = id,
        OwnerId = World.Acme,
        OwnerLogin = "acme",
        OwnerIsOrganization = true,
        Name = name,
        Visibility = visibility,
    };
}

internal static class Who
{
    public static Principal User(string scopes = "read:packages write:packages delete:packages", string? patterns = null) =>
        new UserPrincipal(World.Ada, "ada", SiteAdmin: false, Scopes.Parse(scopes), PackagePatterns.Parse(patterns), TokenId: 5);

    public static Principal SiteAdmin() =>
        new UserPrincipal(3, "admin", SiteAdmin: true, Scopes.All, PackagePatterns.Unrestricted, TokenId: 6);

    /// <summary>A token that a user minted. List entries count as write at most.</summary>
    public static Principal Workflow(Role packages = Role.Write) => new WorkflowPrincipal(11, "acme/app", packages, Role.Write, TokenId: 8);

    /// <summary>A token that was exchanged for a CI system's identity.</summary>
    public static Principal ExchangedWorkflow() => new WorkflowPrincipal(11, "acme/app", Role.Write, Role.Admin, TokenId: 8);

    public static Principal Codespace() => new CodespacePrincipal(4, "ada-app-1", 11, "acme/app", World.Ada, "ada", TokenId: 9);
}
