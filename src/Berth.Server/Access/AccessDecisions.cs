using Berth.Server.Database;

namespace Berth.Server.Access;

/// <summary>
/// Answers "may they?". It reads the facts of a principal and a package or repository and asks <see cref="AccessRules"/>. It caches facts
/// until the next write that touches access, or until any write if other processes write too.
/// </summary>
internal sealed class AccessDecisions(Db db)
{
    private readonly GenerationCache<(Principal Principal, PackageAddress Address), PackageFacts> _facts =
        new(capacity: 50_000, ofAccess: true);
    private readonly GenerationCache<PackageAddress, PackageSubject> _subjects = new(capacity: 50_000, ofAccess: true);

    public async Task<Decision> DecideAsync(
        Principal principal, PackageAddress address, PackageAction action, CancellationToken cancellationToken) =>
        AccessRules.Decide(principal, action, await FactsAsync(principal, address, cancellationToken));

    public async ValueTask<PackageFacts> FactsAsync(Principal principal, PackageAddress address, CancellationToken cancellationToken) =>
        await FactsAsync(await db.GenerationAsync(cancellationToken), principal, address, cancellationToken);

    /// <param name="at">The facts include every write that was acknowledged before this value was asked for.</param>
    public async ValueTask<PackageFacts> FactsAsync(
        Generation at, Principal principal, PackageAddress address, CancellationToken cancellationToken) =>
        (await _facts.GetAsync(
            at, (principal, address),
            async (key, token) => await db.ReadAsync(session => LoadAsync(session, key.Principal, key.Address), token),
            cancellationToken))!;

    /// <summary>The package itself, for callers whose rights are decided already.</summary>
    public async ValueTask<PackageSubject> SubjectAsync(Generation at, PackageAddress address, CancellationToken cancellationToken) =>
        (await _subjects.GetAsync(
            at, address, async (key, token) => await db.ReadAsync(session => PackageFactsTable.SubjectAsync(session, key), token),
            cancellationToken))!;

    /// <summary>Reads the same facts inside a transaction, for changes that are decided and made in one.</summary>
    /// <param name="deleted">The id of a deleted package that is judged as if it were live, to decide on its restoration.</param>
    public static Task<PackageFacts> LoadAsync(DbSession session, Principal principal, PackageAddress address, long? deleted = null) =>
        PackageFactsTable.FactsAsync(session, principal, address, deleted);

    /// <summary>Reads the facts of many live packages by their ids, for lists. It reads some hundreds at a time.</summary>
    public static async Task<Dictionary<long, PackageFacts>> LoadAsync(DbSession session, Principal principal, IEnumerable<long> ids)
    {
        var found = new Dictionary<long, PackageFacts>();
        foreach (var some in ids.Chunk(500))
        {
            foreach (var (id, facts) in await PackageFactsTable.FactsAsync(session, principal, some))
            {
                found[id] = facts;
            }
        }

        return found;
    }

    /// <summary>A page of the packages of all owners that the caller may pull.</summary>
    public async Task<ReadablePage> ReadableAsync(
        Principal principal, string type, string after, int count, CancellationToken cancellationToken) =>
        await db.ReadAsync(session => ReadablePackages.PageAsync(session, principal, type, after, count), cancellationToken);

    /// <summary>
    /// The ids of the packages of all owners that a search finds and the caller may pull. The search looks at a limited number of
    /// candidates.
    /// </summary>
    public static Task<List<long>> FindAsync(DbSession session, Principal principal, string type, PackageSearch search, int most) =>
        ReadablePackages.FindAsync(session, principal, type, search, most);

    /// <summary>The package itself, read inside a transaction.</summary>
    public static Task<PackageSubject> SubjectAsync(DbSession session, PackageAddress address) =>
        PackageFactsTable.SubjectAsync(session, address);

    /// <summary>A person's roles on a repository. Null when there is no such repository.</summary>
    public async Task<PersonOnRepository?> RepositoryAsync(long userId, long repositoryId, CancellationToken cancellationToken) =>
        await db.ReadAsync(session => RepositoryAsync(session, userId, repositoryId), cancellationToken);

    public static Task<PersonOnRepository?> RepositoryAsync(DbSession session, long? userId, long repositoryId) =>
        AccessTable.OnRepositoryAsync(session, userId, repositoryId);

    public static Task<PersonOnRepository?> RepositoryAsync(DbSession session, long? userId, string owner, string name) =>
        AccessTable.OnRepositoryAsync(session, userId, owner, name);

    /// <summary>A person's roles on many repositories, in one statement. Repositories that do not exist are left out.</summary>
    public static Task<Dictionary<long, PersonOnRepository>> RepositoriesAsync(
        DbSession session, long? userId, IEnumerable<long> repositoryIds) =>
        AccessTable.OnRepositoriesAsync(session, userId, repositoryIds);

    /// <summary>A person's place in an account's namespace. Null when there is no such account.</summary>
    public static Task<PersonInNamespace?> NamespaceAsync(DbSession session, long? userId, string login) =>
        AccessTable.InNamespaceAsync(session, userId, login);

    /// <summary>The organizations that limit the life of tokens, among those that the person has ties with.</summary>
    public static Task<List<OwnerFacts>> WithTokenLifeAsync(DbSession session, long userId) =>
        AccessTable.WithTokenLifeAsync(session, userId);

    /// <summary>The present names of an organization and one of its teams. Null when there are none with these ids.</summary>
    public static Task<OrganizationNames?> NamesAsync(DbSession session, long organizationId, long? teamId) =>
        AccessTable.NamesAsync(session, organizationId, teamId);

    /// <summary>The roles of many people on many repositories.</summary>
    /// <param name="pairs">A select of <c>user_id</c> and <c>repository_id</c>.</param>
    public static Task<List<PersonOnRepository>> PeopleAsync(DbSession session, string pairs) => AccessTable.StandingsAsync(session, pairs);
}
