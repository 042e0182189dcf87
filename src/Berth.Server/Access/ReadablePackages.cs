using Berth.Server.Database;

namespace Berth.Server.Access;

/// <summary>One page of the packages of all owners that a caller may pull.</summary>
/// <param name="After">Where the next page begins. Null: this is the last page.</param>
internal sealed record ReadablePage(List<PackageAddress> Packages, string? After);

/// <summary>Which packages are searched, and in which order they are listed.</summary>
/// <param name="Condition">A condition on a package <c>p</c> and its owner's account <c>a</c>.</param>
internal sealed record PackageSearch(string Condition, string Order, IReadOnlyDictionary<string, object> Parameters);

/// <summary>
/// Lists what a principal may pull, whoever owns it, in the byte order of <c>owner/name</c>. The statement only finds candidates: public
/// packages, and those with any tie to the caller. <see cref="AccessRules"/> decides each of them.
/// </summary>
internal static class ReadablePackages
{
    /// <summary>The most candidates that are read at once.</summary>
    private const int Batch = 500;

    /// <summary>The limit of batches for a page. Somebody with many ties and few rights gets short pages rather than slow ones.</summary>
    private const int MostBatches = 20;

    private const string Candidates = $"""
        from packages p join accounts a on a.id = p.owner_id
        where p.type = @type and p.state = 'live'
          and (p.visibility = 'public' or p.owner_id = @userId or p.repository_id = @actingId
            or p.owner_id = (select r.owner_id from repositories r where r.id = @actingId)
            or exists (select 1 from memberships m where m.organization_id = p.owner_id and m.user_id = @userId)
            or exists (select 1 from package_users g where g.package_id = p.id and g.user_id = @userId)
            or exists (select 1 from package_teams g join team_members m on m.team_id = g.team_id
                       where g.package_id = p.id and m.user_id = @userId)
            or exists (select 1 from repositories r where r.id = p.repository_id and {RepositoryConditions.Named})
            or exists (select 1 from package_actions g where g.package_id = p.id and g.repository_id = @actingId)
            or exists (select 1 from package_codespaces g where g.package_id = p.id and g.repository_id = @actingId)
            or exists (select 1 from codespace_targets t where t.codespace_id = @codespaceId and t.target_id = p.repository_id))
        """;

    private const string SelectCandidates = $"""
        select p.id, a.folded || '/' || p.name as full_name {Candidates} and a.folded || '/' || p.name > @after
        order by full_name limit @limit
        """;

    /// <param name="after">The last <c>owner/name</c> of the page before, or any text that sorts before the wanted names.</param>
    /// <param name="count">At least 1.</param>
    public static async Task<ReadablePage> PageAsync(DbSession session, Principal principal, string type, string after, int count)
    {
        List<PackageAddress> found = [];
        var limit = 0;
        for (var batch = 0; batch < MostBatches; batch++)
        {
            limit = NextLimit(limit, count - found.Count);
            var candidates = await CandidatesAsync(session, principal, type, after, limit);
            var facts = await PackageFactsTable.FactsAsync(session, principal, [.. candidates.Select(candidate => candidate.Id)]);
            foreach (var candidate in candidates)
            {
                if (facts.TryGetValue(candidate.Id, out var package)
                    && AccessRules.Decide(principal, PackageAction.Pull, package).Allowed)
                {
                    if (found.Count == count)
                    {
                        return new ReadablePage(found, after);
                    }

                    found.Add(package.Address);
                }

                after = candidate.FullName;
            }

            if (candidates.Count < limit)
            {
                return new ReadablePage(found, null);
            }
        }

        return new ReadablePage(found, after);
    }

    /// <summary>The ids of what a search finds, among a limited number of candidates.</summary>
    public static async Task<List<long>> FindAsync(
        DbSession session, Principal principal, string type, PackageSearch search, int most)
    {
        var (userId, actingId, codespace) = PackageFactsTable.WhoAsks(principal);
        var candidates = await session.QueryAsync<Candidate>(
            $"select p.id {Candidates} and ({search.Condition}) order by {search.Order} limit @most",
            new { type, userId, actingId, codespaceId = codespace?.CodespaceId, most }, search.Parameters);
        List<long> found = [];
        foreach (var some in candidates.Chunk(Batch))
        {
            var facts = await PackageFactsTable.FactsAsync(session, principal, [.. some.Select(candidate => candidate.Id)]);
            found.AddRange(some.Select(candidate => candidate.Id).Where(
                id => facts.TryGetValue(id, out var package) && AccessRules.Decide(principal, PackageAction.Pull, package).Allowed));
        }

        return found;
    }

    /// <summary>
    /// The next batch has what is missing and one more, which shows whether there is another page. It grows each time, for callers who may
    /// read few of the candidates.
    /// </summary>
    internal static int NextLimit(int last, int missing) => Math.Min(Batch, Math.Max(missing + 1, last * 2));

    private static Task<List<Candidate>> CandidatesAsync(
        DbSession session, Principal principal, string type, string after, int limit)
    {
        var (userId, actingId, codespace) = PackageFactsTable.WhoAsks(principal);
        return session.QueryAsync<Candidate>(
            SelectCandidates,
            new { type, after, userId, actingId, codespaceId = codespace?.CodespaceId, limit });
    }

    private sealed record Candidate
    {
        public long Id { get; init; }

        public string FullName { get; init; } = "";
    }
}
