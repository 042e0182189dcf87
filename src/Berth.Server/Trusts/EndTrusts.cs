using Berth.Server.Access;
using Berth.Server.Authentication;
using Berth.Server.Database;
using Berth.Server.Repositories;

namespace Berth.Server.Trusts;

/// <summary>A repository that is transferred takes no trust along: whom its former owner trusted, the new one may not.</summary>
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
