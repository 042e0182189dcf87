using Berth.Server.Authentication;
using Berth.Server.Database;
using Berth.Tests.TestServer;
using Microsoft.Extensions.DependencyInjection;

namespace Berth.Tests.Tokens;

/// <summary>Callers with the token of a codespace.</summary>
internal static class CodespaceTokens
{
    /// <summary>Inserts what a start inserts: a row of a codespace, and a token row that names it.</summary>
    public static async Task<Person> CreateAsync(Person creator, string repository)
    {
        var secret = TokenSecret.Create(TokenSecret.Codespace);
        var name = Persons.Unique("cs");
        var repositoryId = (await creator.GetAsync($"/repos/{repository}"))["id"].GetInt64();
        var userId = (await creator.GetAsync("/user"))["id"].GetInt64();
        var now = TimeProvider.System.GetUtcNow();
        await creator.Server.Services.GetRequiredService<Db>().WriteAsync(
            async session =>
            {
                var id = await session.SingleAsync<long>(
                    """
                    insert into codespaces (name, owner_id, repository_id, repository_full_name, machine, host, desired, state, created_at,
                      updated_at, last_used_at)
                    values (@name, @userId, @repositoryId, @repository, 'standard', 'nowhere', 'shutdown', 'Shutdown', @now, @now, @now)
                      returning id
                    """,
                    new { name, userId, repositoryId, repository, now });
                await TokenTable.InsertAsync(
                    session,
                    new NewTokenRow
                    {
                        Kind = "codespace",
                        Hash = TokenSecret.Hash(secret),
                        UserId = userId,
                        RepositoryId = repositoryId,
                        CodespaceId = id,
                        CreatedAt = now,
                    });
            },
            TestContext.Current.CancellationToken);
        return new Person(creator.Server, name, secret);
    }
}
