using Berth.Server.Access;
using Berth.Server.Database;

namespace Berth.Server.Repositories;

/// <summary>What hangs on repositories and changes with them, in the same transaction: packages, trusts.</summary>
internal interface IFollowRepositories
{
    Task RenamedAsync(DbSession session, ChangeActor actor, RepositoryFacts old, RepositoryFacts renamed);

    /// <summary>It is less open than before.</summary>
    Task TightenedAsync(DbSession session, ChangeActor actor, RepositoryFacts repository);

    /// <summary>Called before it is deleted or transferred; <paramref name="newName"/> is its name with the new owner.</summary>
    Task RepositoryGoneAsync(DbSession session, ChangeActor actor, RepositoryFacts repository, string? newName);
}
