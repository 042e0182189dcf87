using Berth.Server.Access;
using Berth.Server.Database;

namespace Berth.Server.Repositories;

/// <summary>Adapts what depends on repositories, such as packages and trusts, in the same transaction.</summary>
internal interface IFollowRepositories
{
    Task RenamedAsync(DbSession session, ChangeActor actor, RepositoryFacts old, RepositoryFacts renamed);

    /// <summary>Called when the repository has become less open.</summary>
    Task TightenedAsync(DbSession session, ChangeActor actor, RepositoryFacts repository);

    /// <summary>
    /// Called before the repository is deleted or transferred. <paramref name="newName"/> is its name with the new owner.
    /// </summary>
    Task RepositoryGoneAsync(DbSession session, ChangeActor actor, RepositoryFacts repository, string? newName);
}
