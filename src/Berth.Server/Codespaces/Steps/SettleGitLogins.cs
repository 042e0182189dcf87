using Berth.Server.Access;
using Berth.Server.Codespaces.Environment;
using Berth.Server.Codespaces.Permissions;
using Berth.Server.Database;
using Berth.Server.Faults;
using Berth.Server.Repositories.Cloning;

namespace Berth.Server.Codespaces.Steps;

/// <summary>
/// Settles what git inside may sign in with: the person's own clone credential, where the organization lets it in, for the repository's own
/// URL, those of its submodules at the same server and owner, and those of repositories that the configuration asks for and the person
/// permits. The repository's, which many use and one admin gave, never enters a
/// codespace.
/// </summary>
internal sealed class SettleGitLogins(AccessDecisions access, Db db, CloneCredentials credentials, EnvironmentContents contents)
{
    /// <summary>When the checkout is there, and before anything runs in a container.</summary>
    public async Task RunAsync(AdmittedStart start, CancellationToken cancellationToken)
    {
        if (await access.RepositoryAsync(start.Codespace.OwnerId, start.Principal.RepositoryId, cancellationToken) is { } found)
        {
            var logins = await FindAsync(start.Codespace, found.Repository, start.Folders, start.Log, cancellationToken);
            foreach (var login in logins)
            {
                start.Log.Write(
                    "git",
                    $"git inside signs in to {login.Url} with {start.Codespace.OwnerLogin}'s clone credential (user {login.UserName})");
            }

            await contents.SetGitLoginsAsync(start.Codespace, logins, cancellationToken);
        }
    }

    /// <summary>One for each URL.</summary>
    private async Task<IReadOnlyList<GitLogin>> FindAsync(
        Codespace codespace, RepositoryFacts repository, CodespaceFolders folders, CodespaceLogWriter log,
        CancellationToken cancellationToken)
    {
        Dictionary<string, GitLogin> logins = new(StringComparer.Ordinal);
        if (codespace.CloneUrl is { } url && await OwnAsync(repository.Id, url) is { } own)
        {
            Add(url, own);
            foreach (var submodule in (await folders.SubmodulesAsync(cancellationToken)).Where(one => CloneOrigin.IsSameOwner(url, one)))
            {
                Add(submodule, own);
            }
        }

        foreach (var target in await TargetsAsync(codespace, cancellationToken))
        {
            // One that was stored for that repository, else the codespace's own, where it is the same server.
            if ((await OwnAsync(target.Id, target.CloneUrl) ?? await OwnAsync(repository.Id, target.CloneUrl)) is { } credential)
            {
                Add(target.CloneUrl, credential);
            }
            else
            {
                log.Write(
                    "git",
                    Fault.Shown(
                        $"git inside has no login for {target.CloneUrl}",
                        "berth repo clone-credential set OWNER/NAME --own, for that repository or, at the same server, this one"));
            }
        }

        if (logins.Count > 0 && !await IsAllowedAsync(repository.OwnerId, cancellationToken))
        {
            log.Write("git", $"git inside does not get {codespace.OwnerLogin}'s clone credential: the organization's policy says so");
            return [];
        }

        return [.. logins.Values];

        Task<CloneCredential?> OwnAsync(long id, string cloneUrl) =>
            credentials.OwnAsync(id, codespace.PersonId, codespace.OwnerLogin, cloneUrl, cancellationToken);

        void Add(string cloneUrl, CloneCredential credential)
        {
            log.Mask(credential.Password);
            logins.TryAdd(cloneUrl, new GitLogin(cloneUrl, credential.UserName, credential.Password));
        }
    }

    /// <summary>Those that the person can still read.</summary>
    private Task<List<GitTarget>> TargetsAsync(Codespace codespace, CancellationToken cancellationToken) => db.ReadAsync(
        async session =>
        {
            var targets = await CodespacePermissionTable.GitTargetsAsync(session, codespace);
            var on = await AccessDecisions.RepositoriesAsync(session, codespace.OwnerId, targets.Select(target => target.Id));
            return targets.Where(target => AccessRules.MayRead(on[target.Id].Standing)).ToList();
        },
        cancellationToken);

    private Task<bool> IsAllowedAsync(long owner, CancellationToken cancellationToken) => db.ReadAsync(
        async session => await session.FirstOrDefaultAsync<bool?>(
            "select git_credentials_inside from organizations where account_id = @owner", new { owner }) ?? true,
        cancellationToken);
}
