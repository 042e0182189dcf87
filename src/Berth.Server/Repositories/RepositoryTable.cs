using Berth.Server.Access;
using Berth.Server.Api;
using Berth.Server.Database;

namespace Berth.Server.Repositories;

/// <summary>A stored repository, with its owner.</summary>
internal sealed record RepositoryRow
{
    public long Id { get; init; }

    public long OwnerId { get; init; }

    public string OwnerLogin { get; init; } = "";

    public bool OwnerIsOrganization { get; init; }

    public string Name { get; init; } = "";

    public string? Description { get; init; }

    public string Visibility { get; init; } = "private";

    public string? CloneUrl { get; init; }

    public string? ExternalId { get; init; }

    public string DefaultBranch { get; init; } = "main";

    /// <summary>Whether codespaces get its submodules if its configuration does not say.</summary>
    public bool Submodules { get; init; }

    public DateTimeOffset CreatedAt { get; init; }

    public DateTimeOffset UpdatedAt { get; init; }

    public RepositoryFacts Facts => new()
    {
        Id = Id,
        OwnerId = OwnerId,
        OwnerLogin = OwnerLogin,
        OwnerIsOrganization = OwnerIsOrganization,
        Name = Name,
        Visibility = Visibility,
    };
}

/// <summary>A change of a repository. A null leaves the column as it is, unless its flag says that null is the new value.</summary>
internal sealed record RepositoryChange
{
    public string? Name { get; init; }

    public string? Visibility { get; init; }

    public bool SetsDescription { get; init; }

    public string? Description { get; init; }

    public bool SetsCloneUrl { get; init; }

    public string? CloneUrl { get; init; }

    public bool SetsExternalId { get; init; }

    public string? ExternalId { get; init; }

    public string? DefaultBranch { get; init; }

    public bool? Submodules { get; init; }
}

/// <summary>A collaborator: a person with a role of their own.</summary>
internal sealed record CollaboratorRow
{
    public long Id { get; init; }

    public string Login { get; init; } = "";

    public string Role { get; init; } = "read";
}

/// <summary>All SQL on repositories and collaborators.</summary>
internal static class RepositoryTable
{
    private const string Columns = """
        r.id, r.owner_id, a.login as owner_login, (a.kind = 'organization') as owner_is_organization, r.name, r.description, r.visibility,
        r.clone_url, r.external_id, r.default_branch, r.submodules, r.created_at, r.updated_at
        """;

    public static Task<RepositoryRow?> FindAsync(DbSession session, long id) => session.FirstOrDefaultAsync<RepositoryRow>(
        $"select {Columns} from repositories r join accounts a on a.id = r.owner_id where r.id = @id", new { id });

    /// <summary>Returns those of the ids that exist.</summary>
    public static async Task<Dictionary<long, RepositoryRow>> FindAsync(DbSession session, IEnumerable<long> wanted)
    {
        long[] ids = [.. wanted.Distinct()];
        return ids.Length == 0 ? [] : (await session.QueryAsync<RepositoryRow>(
            $"select {Columns} from repositories r join accounts a on a.id = r.owner_id where r.id in @ids", new { ids }))
                .ToDictionary(row => row.Id);
    }

    /// <summary>Returns null when the owner has a repository of that name.</summary>
    public static Task<long?> InsertAsync(DbSession session, RepositoryRow row, string? normalisedCloneUrl) =>
        session.FirstOrDefaultAsync<long?>(
            """
            insert into repositories (owner_id, name, folded, description, visibility, clone_url, clone_url_normalised, external_id,
              default_branch, submodules, created_at, updated_at)
            values (@OwnerId, @Name, @folded, @Description, @Visibility, @CloneUrl, @normalised, @ExternalId, @DefaultBranch, @Submodules,
              @CreatedAt, @CreatedAt)
            on conflict (owner_id, folded) do nothing
            returning id
            """,
            new
            {
                row.OwnerId,
                row.Name,
                folded = row.Name.ToLowerInvariant(),
                row.Description,
                row.Visibility,
                row.CloneUrl,
                normalised = normalisedCloneUrl,
                row.ExternalId,
                row.DefaultBranch,
                row.Submodules,
                row.CreatedAt,
            });

    /// <summary>Writes what the change names. The rest stays as it is. <see cref="MoveAsync"/> changes the owner.</summary>
    public static Task ChangeAsync(DbSession session, long id, RepositoryChange change, DateTimeOffset now) => session.ExecuteAsync(
        """
        update repositories set name = coalesce(@Name, name), folded = coalesce(@folded, folded), visibility = coalesce(@Visibility,
          visibility),
            description = case when @SetsDescription = @yes then @Description else description end,
            clone_url = case when @SetsCloneUrl = @yes then @CloneUrl else clone_url end,
            clone_url_normalised = case when @SetsCloneUrl = @yes then @normalised else clone_url_normalised end,
            external_id = case when @SetsExternalId = @yes then @ExternalId else external_id end,
            default_branch = coalesce(@DefaultBranch, default_branch), submodules = coalesce(@Submodules, submodules), updated_at = @now
        where id = @id
        """,
        new
        {
            id,
            change.Name,
            folded = change.Name?.ToLowerInvariant(),
            change.Visibility,
            change.SetsDescription,
            change.Description,
            change.SetsCloneUrl,
            change.CloneUrl,
            normalised = GitUrl.Normalise(change.CloneUrl),
            change.SetsExternalId,
            change.ExternalId,
            change.DefaultBranch,
            change.Submodules,
            now,
            yes = true,
        });

    /// <summary>Gives it another owner, under the same name.</summary>
    public static Task MoveAsync(DbSession session, long id, long ownerId, string visibility, DateTimeOffset now) => session.ExecuteAsync(
        "update repositories set owner_id = @ownerId, visibility = @visibility, updated_at = @now where id = @id",
        new { id, ownerId, visibility, now });

    public static async Task<bool> NameTakenAsync(DbSession session, long ownerId, string name, long exceptId) =>
        await session.SingleAsync<long>(
            "select count(*) from repositories where owner_id = @ownerId and folded = @folded and id <> @exceptId",
            new { ownerId, folded = name.ToLowerInvariant(), exceptId }) > 0;

    public static Task DeleteAsync(DbSession session, long id) =>
        session.ExecuteAsync("delete from repositories where id = @id", new { id });

    /// <summary>
    /// One owner's repositories that the caller may read. <paramref name="scoped"/>: the token sees more than public ones.
    /// </summary>
    public static Task<Page<RepositoryRow>> OfOwnerAsync(DbSession session, long ownerId, long userId, bool scoped, Paging paging) =>
        ListAsync(session, $"r.owner_id = @ownerId and {RepositoryConditions.Readable}", ownerId, userId, scoped, paging);

    /// <summary>The repositories on which the user has a role by name.</summary>
    public static Task<Page<RepositoryRow>> OfUserAsync(DbSession session, long userId, bool scoped, Paging paging) =>
        ListAsync(session, $"{RepositoryConditions.Named} and {RepositoryConditions.Readable}", 0, userId, scoped, paging);

    public static async Task<Page<CollaboratorRow>> CollaboratorsAsync(DbSession session, long repositoryId, Paging paging)
    {
        var total = await session.SingleAsync<long>(
            "select count(*) from collaborators where repository_id = @repositoryId", new { repositoryId });
        var rows = await session.QueryAsync<CollaboratorRow>(
            """
            select a.id, a.login, c.role from collaborators c join accounts a on a.id = c.user_id
            where c.repository_id = @repositoryId order by a.folded limit @size offset @offset
            """,
            new { repositoryId, size = paging.Size, offset = paging.Offset });
        return new Page<CollaboratorRow>(rows, total);
    }

    public static Task SetCollaboratorAsync(DbSession session, long repositoryId, long userId, string role) => session.ExecuteAsync(
        """
        insert into collaborators (repository_id, user_id, role) values (@repositoryId, @userId, @role)
        on conflict (repository_id, user_id) do update set role = @role
        """,
        new { repositoryId, userId, role });

    public static Task<int> RemoveCollaboratorAsync(DbSession session, long repositoryId, long userId) => session.ExecuteAsync(
        "delete from collaborators where repository_id = @repositoryId and user_id = @userId", new { repositoryId, userId });

    /// <summary>Removes the collaborator from all repositories of an owner.</summary>
    public static Task RemoveCollaboratorEverywhereAsync(DbSession session, long ownerId, long userId) => session.ExecuteAsync(
        "delete from collaborators where user_id = @userId and repository_id in (select id from repositories where owner_id = @ownerId)",
        new { ownerId, userId });

    public static Task SetTeamAsync(DbSession session, long repositoryId, long teamId, string role) => session.ExecuteAsync(
        """
        insert into team_repositories (team_id, repository_id, role) values (@teamId, @repositoryId, @role)
        on conflict (team_id, repository_id) do update set role = @role
        """,
        new { teamId, repositoryId, role });

    public static Task<int> RemoveTeamAsync(DbSession session, long repositoryId, long teamId) => session.ExecuteAsync(
        "delete from team_repositories where team_id = @teamId and repository_id = @repositoryId", new { teamId, repositoryId });

    public static Task RemoveTeamsAsync(DbSession session, long repositoryId) =>
        session.ExecuteAsync("delete from team_repositories where repository_id = @repositoryId", new { repositoryId });

    private static async Task<Page<RepositoryRow>> ListAsync(
        DbSession session, string condition, long ownerId, long userId, bool scoped, Paging paging)
    {
        var parameters = new { ownerId, userId, scoped = scoped ? 1 : 0, size = paging.Size, offset = paging.Offset };
        var total = await session.SingleAsync<long>($"select count(*) from repositories r where {condition}", parameters);
        var rows = await session.QueryAsync<RepositoryRow>(
            $"""
             select {Columns} from repositories r join accounts a on a.id = r.owner_id
             where {condition} order by a.folded, r.folded limit @size offset @offset
             """,
            parameters);
        return new Page<RepositoryRow>(rows, total);
    }
}
