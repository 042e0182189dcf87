using Berth.Server.Access;
using Berth.Server.Codespaces.Environment;
using Berth.Server.Codespaces.Permissions;
using Berth.Server.Database;
using Berth.Server.Faults;
using Berth.Server.Repositories.Cloning;

namespace Berth.Server.Codespaces.Steps;

/// <summary>
/// Determines the logins of git inside the codespace. The person's own clone credential is used where the organization allows it: for the
/// repository's own URL, for submodules at the same server and owner, and for repositories that the configuration asks for and the person
/// permits. The repository's credential, which one admin gave and many people use, never enters a codespace.
/// </summary>
internal sealed class SettleGitLogins(AccessDecisions access, Db db, CloneCredentials credentials, EnvironmentContents contents)
{
    /// <summary>Runs when the checkout exists, and before anything runs in a container.</summary>
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

    /// <summary>Finds one login for each URL.</summary>
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
            // Use the credential that was stored for that repository, otherwise the codespace's own if the server is the same.
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

    /// <summary>The repositories that the codespace may use and that the person can still read.</summary>
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
