using Berth.Server.Access;
using Berth.Server.Accounts;
using Berth.Server.Database;
using Berth.Server.Organizations;
using Berth.Server.Repositories;

namespace Berth.Server.Packages.Changes;

/// <summary>
/// Adapts packages to changes of the repositories, accounts and teams that they depend on, in the transaction of that change.
/// </summary>
internal sealed class FollowNeighbours(TimeProvider time) : IFollowRepositories, IFollowAccounts, IFollowOrganizations
{
    public Task RenamedAsync(DbSession session, ChangeActor actor, RepositoryFacts old, RepositoryFacts renamed) =>
        Changes(session, actor).RepositoryRenamedAsync(old, renamed);

    public async Task TightenedAsync(DbSession session, ChangeActor actor, RepositoryFacts repository)
    {
        var person = await AccessDecisions.NamespaceAsync(session, null, repository.OwnerLogin);
        await Changes(session, actor).TightenAsync(repository, person!.Owner.Clamp(repository.Openness));
    }

    public Task RepositoryGoneAsync(DbSession session, ChangeActor actor, RepositoryFacts repository, string? newName) =>
        Changes(session, actor).RepositoryGoneAsync(repository, newName);

    public Task AccountGoneAsync(DbSession session, ChangeActor actor, long accountId) =>
        Changes(session, actor).AccountGoneAsync(accountId);

    public Task TeamGoneAsync(DbSession session, ChangeActor actor, long teamId) => Changes(session, actor).TeamGoneAsync(teamId);

    public Task MemberGoneAsync(DbSession session, ChangeActor actor, long organizationId, long userId) =>
        Changes(session, actor).MemberGoneAsync(organizationId, userId);

    private PackageChanges Changes(DbSession session, ChangeActor actor) => new(session, actor, time.GetUtcNow());
}
