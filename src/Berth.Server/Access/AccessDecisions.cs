using Berth.Server.Database;

namespace Berth.Server.Access;

/// <summary>
/// Answers "may they?": reads the facts of a principal and a package or repository, and asks <see cref="AccessRules"/>. Facts are
/// remembered until the next write where this process is the only one that writes.
/// </summary>
internal sealed class AccessDecisions(Db db)
{
    private readonly GenerationCache<(Principal Principal, PackageAddress Address), PackageFacts> _facts = new(db, capacity: 50_000, ofAccess: true);

    public async Task<Decision> DecideAsync(
        Principal principal, PackageAddress address, PackageAction action, CancellationToken cancellationToken, Visibility createAs = Visibility.Private) =>
        AccessRules.Decide(principal, action, await FactsAsync(principal, address, cancellationToken), createAs);

    public async Task<PackageFacts> FactsAsync(Principal principal, PackageAddress address, CancellationToken cancellationToken) =>
        (await _facts.GetAsync(
            (principal, address),
            async (key, token) => await db.ReadAsync(session => LoadAsync(session, key.Principal, key.Address), token),
            cancellationToken))!;

    /// <summary>The same facts inside a transaction, for what is decided and done in one.</summary>
    /// <param name="session">The transaction.</param>
    /// <param name="principal">Who asks.</param>
    /// <param name="address">The package by its names.</param>
    /// <param name="deleted">A deleted package to judge as if it were live, for its restoration.</param>
    public static async Task<PackageFacts> LoadAsync(DbSession session, Principal principal, PackageAddress address, PackageRow? deleted = null)
    {
        var facts = new PackageFacts { Address = address };
        if (await AccessTable.OwnerAsync(session, address.Owner) is not { } owner)
        {
            return facts;
        }

        facts = facts with { Owner = owner };
        var slash = address.Name.IndexOf('/', StringComparison.Ordinal);
        var keeper = await AccessTable.RepositoryAsync(session, owner.Id, slash < 0 ? address.Name : address.Name[..slash]);
        facts = facts with { NameKeeper = keeper };
        if ((deleted ?? await AccessTable.PackageAsync(session, owner.Id, address)) is { } package)
        {
            facts = facts with
            {
                PackageId = package.Id,
                Visibility = VisibilityNames.Parse(package.Visibility),
                Inherits = package.InheritsAccess,
                Linked = package.RepositoryId is { } linked ? await AccessTable.RepositoryAsync(session, linked) : null,
            };
        }

        return principal switch
        {
            UserPrincipal user => await AddUserAsync(session, facts, user.UserId),
            WorkflowPrincipal workflow => await AddActingAsync(session, facts, workflow.RepositoryId, userId: null),
            CodespacePrincipal codespace => await AddPermissionAsync(
                session,
                await AddUserAsync(session, await AddActingAsync(session, facts, codespace.RepositoryId, codespace.UserId), codespace.UserId),
                codespace),
            _ => facts,
        };
    }

    /// <summary>What the principal is to a repository; null when there is no such repository.</summary>
    public async Task<(RepositoryFacts Repository, RepositoryStanding Standing)?> RepositoryAsync(
        long userId, long repositoryId, CancellationToken cancellationToken) =>
        await db.ReadAsync<(RepositoryFacts, RepositoryStanding)?>(
            async session => await AccessTable.RepositoryAsync(session, repositoryId) is { } repository
                ? (repository, await AccessTable.StandingAsync(session, repository, userId))
                : null,
            cancellationToken);

    private static async Task<PackageFacts> AddUserAsync(DbSession session, PackageFacts facts, long userId)
    {
        var owner = facts.Owner!;
        var membership = owner.IsOrganization ? await AccessTable.MembershipAsync(session, owner.Id, userId) : null;
        return facts with
        {
            UserOwnsNamespace = owner.Id == userId || membership == "admin",
            UserIsMember = membership is not null,
            Grants = facts.PackageId is { } id ? await AccessTable.GrantsAsync(session, id, userId) : [],
            OnLinked = facts.Linked is { } linked ? await AccessTable.StandingAsync(session, linked, userId) : RepositoryStanding.Nobody,
            OnNameKeeper = facts.NameKeeper is { } keeper ? await AccessTable.StandingAsync(session, keeper, userId) : RepositoryStanding.Nobody,
        };
    }

    private static async Task<PackageFacts> AddActingAsync(DbSession session, PackageFacts facts, long repositoryId, long? userId)
    {
        if (await AccessTable.RepositoryAsync(session, repositoryId) is not { } acting)
        {
            return facts;
        }

        return facts with
        {
            Acting = acting,
            OnActing = userId is { } user ? await AccessTable.StandingAsync(session, acting, user) : RepositoryStanding.Nobody,
            ActionsRole = facts.PackageId is { } id && RoleNames.TryParse(await AccessTable.ActionsRoleAsync(session, id, repositoryId), out var role) ? role : Role.None,
            OnCodespacesList = facts.PackageId is { } listed && await AccessTable.OnCodespacesListAsync(session, listed, repositoryId),
        };
    }

    private static async Task<PackageFacts> AddPermissionAsync(DbSession session, PackageFacts facts, CodespacePrincipal codespace)
    {
        if (facts.Linked is not { } linked || linked.Id == codespace.RepositoryId
            || !(codespace.AsksFor?.Contains(linked.Id) ?? (codespace.CodespaceId is { } id && await AccessTable.AsksAsync(session, id, linked.Id))))
        {
            return facts;
        }

        return facts with
        {
            LinkedAsked = true,
            LinkedPermitted = await AccessTable.PermitsAsync(session, codespace.UserId, codespace.RepositoryId, linked.Id),
        };
    }
}
