using Berth.Server.Access;
using Berth.Server.Codespaces.Environment;
using Berth.Server.Database;
using Berth.Server.Repositories.Cloning;

namespace Berth.Server.Codespaces.Steps;

/// <summary>
/// Finds what git inside may sign in with: the person's own clone credential, where the organization lets it in. The repository's, which
/// many use and one admin gave, never enters a codespace.
/// </summary>
internal sealed class FindGitLogin(Db db, CloneCredentials credentials)
{
    public async Task<GitLogin?> RunAsync(
        Codespace codespace, RepositoryFacts repository, CodespaceLogWriter log, CancellationToken cancellationToken)
    {
        if (codespace.CloneUrl is not { } url
            || await credentials.OwnAsync(repository.Id, codespace.OwnerId, codespace.OwnerLogin, url, cancellationToken) is not { } own)
        {
            return null;
        }

        log.Mask(own.Password);
        if (!await IsAllowedAsync(repository.OwnerId, cancellationToken))
        {
            log.Write("git", $"git inside does not get {own.Whose} clone credential: the organization's policy says so");
            return null;
        }

        log.Write("git", $"git inside signs in to {url} with {own.Whose} clone credential (user {own.UserName})");
        return new GitLogin(url, own.UserName, own.Password);
    }

    private Task<bool> IsAllowedAsync(long owner, CancellationToken cancellationToken) => db.ReadAsync(
        async session => await session.FirstOrDefaultAsync<bool?>(
            "select git_credentials_inside from organizations where account_id = @owner", new { owner }) ?? true,
        cancellationToken);
}
