using Berth.Server.Codespaces.Git;
using Berth.Server.Faults;
using Berth.Server.Repositories.Cloning;

namespace Berth.Server.Codespaces.Steps;

/// <summary>Clones the repository. The last step of a clone is a rename, so a workspace that exists is complete.</summary>
internal sealed class CloneWorkspace(CloneRepository clone, CloneCredentials credentials, FetchSubmodules submodules)
{
    /// <exception cref="FaultException">The clone failed; the message says why.</exception>
    public async Task RunAsync(AdmittedStart start, CancellationToken cancellationToken)
    {
        var (codespace, folders, log) = (start.Codespace, start.Folders, start.Log);
        if (codespace.Image is null)
        {
            // Nobody has worked in it: what an earlier start left may be half done, or older than the fix that is tried now.
            CodespaceFolders.Delete(start.Workspace);
        }
        else if (Directory.Exists(start.Workspace))
        {
            log.Write("clone", "the workspace is there");
            await submodules.AddAsync(start, cancellationToken);
            return;
        }

        var url = codespace.CloneUrl ?? throw CloneRepository.NoUrl(codespace.RepositoryFullName);
        var credential = await credentials.ForAsync(
            start.Principal.RepositoryId, codespace.PersonId, codespace.OwnerLogin, url, cancellationToken);
        if (credential is not null)
        {
            log.Mask(credential.Password);
        }

        log.Write(
            "clone",
            $"cloning {url}{(credential is null ? "" : $" with {credential.Whose} clone credential (user {credential.UserName})")}");
        CodespaceFolders.Delete(folders.CloneInProgress);
        await clone.RunAsync(
            url, codespace.Ref, folders.CloneInProgress, start.GitView, credential, line => log.Write("clone", line), cancellationToken);
        await submodules.RunAsync(start, url, credential, cancellationToken);
        Directory.Move(folders.CloneInProgress, start.Workspace);
    }
}
