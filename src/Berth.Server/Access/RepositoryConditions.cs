namespace Berth.Server.Access;

/// <summary>
/// The rules for reading a repository <c>r</c> as conditions in SQL, for lists that the database counts and pages. They say the same as
/// <see cref="AccessTable.NamedRoles"/> and <see cref="AccessRules.MayRead(RepositoryFacts, RepositoryStanding, bool)"/> say of one
/// repository. Parameters: <c>@userId</c>, and <c>@scoped</c> as 0 or 1.
/// </summary>
internal static class RepositoryConditions
{
    public const string Named = """
        (r.owner_id = @userId
         or exists (select 1 from collaborators c where c.repository_id = r.id and c.user_id = @userId)
         or exists (select 1 from memberships m join organizations o on o.account_id = m.organization_id
                    where m.organization_id = r.owner_id and m.user_id = @userId and (m.role = 'admin' or o.base_permission <> 'none'))
         or exists (select 1 from team_repositories tr join team_members tm on tm.team_id = tr.team_id
                    where tr.repository_id = r.id and tm.user_id = @userId))
        """;

    public const string Readable = $"""
        (r.visibility = 'public' or (@scoped = 1 and ({Named} or (r.visibility = 'internal' and exists (
            select 1 from memberships m where m.organization_id = r.owner_id and m.user_id = @userId)))))
        """;
}
