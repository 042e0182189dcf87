using Berth.Server.Access;

namespace Berth.Server.Packages.Changes;

/// <content>What becomes of packages when a repository, an account, a team or a membership changes or goes.</content>
internal sealed partial class PackageChanges
{
    public Task RepositoryRenamedAsync(RepositoryFacts old, RepositoryFacts renamed) =>
        RecordTouchedAsync(PackageEventKind.RepositoryRenamed, old, renamed.FullName);

    /// <summary>Lowers the visibility of inheriting packages that are now more open than their repository.</summary>
    public async Task TightenAsync(RepositoryFacts repository, Visibility most)
    {
        var id = repository.Id;
        var tooOpen = new[] { Visibility.Internal, Visibility.Public }.Where(v => v > repository.Openness).Select(v => v.Name()).ToArray();
        if (tooOpen.Length == 0)
        {
            return;
        }

        await HappenAsync(
            $"""
            {InsertEvent}
            select {OfPackage}, null, null, null, null, p.visibility, @most from packages p join accounts a on a.id = p.owner_id
            where p.repository_id = @id and p.inherits_access = @yes and p.visibility in @tooOpen
            """,
            new { id, yes = true, tooOpen, most = most.Name() }, PackageEventKind.VisibilityChanged);
        await session.ExecuteAsync(
            "update packages set visibility = @most where repository_id = @id and inherits_access = @yes and visibility in @tooOpen",
            new { id, yes = true, tooOpen, most = most.Name() });
    }

    /// <summary>
    /// The repository is deleted, or gets another owner. Its links, inheritance and list entries are removed, and nothing is copied. This
    /// includes deleted packages, so that they come back without them.
    /// </summary>
    public async Task RepositoryGoneAsync(RepositoryFacts repository, string? newName)
    {
        await RecordTouchedAsync(
            newName is null ? PackageEventKind.RepositoryDeleted : PackageEventKind.RepositoryTransferred, repository, newName);
        var id = repository.Id;
        await RecordLinkedAsync(PackageEventKind.LinkChanged, id, repository.FullName, null, "");
        await RecordLinkedAsync(
            PackageEventKind.InheritanceChanged, id, Switch(on: true), Switch(on: false), "and p.inherits_access = @yes");
        await RecordListsAsync("r.id = @id", id);
        await session.ExecuteAsync(
            "update packages set repository_id = null, inherits_access = @no where repository_id = @id", new { id, no = false });
        await session.ExecuteAsync("delete from package_actions where repository_id = @id", new { id });
        await session.ExecuteAsync("delete from package_codespaces where repository_id = @id", new { id });
    }

    /// <summary>
    /// Called before the account is deleted. Removes its packages, and what it or its repositories were granted elsewhere.
    /// </summary>
    public async Task AccountGoneAsync(long accountId)
    {
        await HappenAsync(
            $"""
            {InsertEvent}
            select {OfPackage}, null, null, null, null, null, null from packages p join accounts a on a.id = p.owner_id
            where p.owner_id = @accountId and p.state <> 'pending'
            """,
            new { accountId }, PackageEventKind.OwnerDeleted);
        await RecordGrantsAsync(
            "package_users g join accounts s on s.id = g.user_id", "'user:' || s.login", "s.id = @id and p.owner_id <> @id", accountId);
        await RecordListsAsync("r.owner_id = @id and p.owner_id <> @id", accountId);
    }

    /// <summary>Called before the team is deleted. Removes its grants.</summary>
    public Task TeamGoneAsync(long teamId) =>
        RecordGrantsAsync("package_teams g join teams s on s.id = g.team_id", "'team:' || s.slug", "s.id = @id", teamId);

    /// <summary>Removes the grants that a person had on the organization's packages by name.</summary>
    public async Task MemberGoneAsync(long organizationId, long userId)
    {
        await RecordGrantsAsync(
            "package_users g join accounts s on s.id = g.user_id", "'user:' || s.login", "s.id = @id and p.owner_id = @organizationId",
            userId, organizationId);
        await session.ExecuteAsync(
            "delete from package_users where user_id = @userId and package_id in (select id from packages where owner_id = "
                + "@organizationId)",
            new { userId, organizationId });
    }

    /// <summary>Records one event for each package that is linked to the repository.</summary>
    private Task RecordLinkedAsync(PackageEventKind kind, long id, string old, string? gone, string condition) => HappenAsync(
        $"""
        {InsertEvent}
        select {OfPackage}, null, null, null, null, @old, @gone from packages p join accounts a on a.id = p.owner_id
        where p.repository_id = @id {condition}
        """,
        new { id, yes = true, old, gone }, kind);

    /// <summary>Records one event for each package that the repository is linked to or listed by.</summary>
    private Task RecordTouchedAsync(PackageEventKind kind, RepositoryFacts repository, string? newName) => HappenAsync(
        $"""
        {InsertEvent}
        select {OfPackage}, null, null, null, null, @old, @newName from packages p join accounts a on a.id = p.owner_id
        where p.repository_id = @id
           or exists (select 1 from package_actions l where l.package_id = p.id and l.repository_id = @id)
           or exists (select 1 from package_codespaces l where l.package_id = p.id and l.repository_id = @id)
        """,
        new { id = repository.Id, old = repository.FullName, newName }, kind);

    private Task RecordGrantsAsync(
        string grants, string subject, string condition, long id, long organizationId = 0) => HappenAsync(
        $"""
        {InsertEvent}
        select {OfPackage}, null, null, null, {subject}, g.role, null
        from {grants} join packages p on p.id = g.package_id join accounts a on a.id = p.owner_id
        where {condition}
        """,
        new { id, organizationId }, PackageEventKind.GrantChanged);

    /// <summary>Records the list entries of repositories that are removed.</summary>
    private async Task RecordListsAsync(string condition, long id)
    {
        foreach (var (kind, list, role) in new[]
        {
            (PackageEventKind.ActionsChanged, "package_actions", "l.role"),
            (PackageEventKind.CodespacesChanged, "package_codespaces", "'read'"),
        })
        {
            await HappenAsync(
                $"""
                {InsertEvent}
                select {OfPackage}, null, null, null, 'repository:' || o.login || '/' || r.name, {role}, null
                from {list} l join repositories r on r.id = l.repository_id join accounts o on o.id = r.owner_id
                join packages p on p.id = l.package_id join accounts a on a.id = p.owner_id
                where {condition}
                """,
                new { id }, kind);
        }
    }
}
