using Berth.Server.Access;
using Berth.Server.Authentication;
using Berth.Server.Database;
using Berth.Server.Repositories;

namespace Berth.Server.Trusts;

/// <summary>
/// Deletes the trusts of a repository that is transferred, since the new owner has not trusted whom the former owner trusted.
/// </summary>
internal sealed class EndTrusts : IFollowRepositories
{
    public Task RenamedAsync(DbSession session, ChangeActor actor, RepositoryFacts old, RepositoryFacts renamed) => Task.CompletedTask;

    public Task TightenedAsync(DbSession session, ChangeActor actor, RepositoryFacts repository) => Task.CompletedTask;

    public async Task RepositoryGoneAsync(DbSession session, ChangeActor actor, RepositoryFacts repository, string? newName)
    {
        await TrustTable.DeleteOfRepositoryAsync(session, repository.Id);
        await TokenTable.DeleteExchangedAsync(session, repository.Id);
    }
}
