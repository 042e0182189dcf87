using System.Text.Json;
using Berth.Server.Codespaces.Devcontainers;
using Berth.Server.Codespaces.Git;
using Berth.Server.Repositories.Cloning;

namespace Berth.Server.Codespaces.Steps;

/// <summary>
/// Brings the submodules into a fresh checkout where the configuration (<c>customizations.berth.submodules</c>) or else the repository's
/// setting says so. The shared credential goes to them only where the setting does, which an admin of the repository makes: a configuration
/// is anybody's who may push.
/// </summary>
internal sealed class FetchSubmodules(CloneSubmodules clone, CloneCredentials credentials)
{
    public async Task RunAsync(AdmittedStart start, string url, CloneCredential? credential, CancellationToken cancellationToken)
    {
        var (codespace, folders, log) = (start.Codespace, start.Folders, start.Log);
        File.Delete(folders.Submodules);
        if (!CloneSubmodules.HasAny(folders.CloneInProgress))
        {
            return;
        }

        if (!(SubmoduleWish.Of(folders.CloneInProgress, codespace.DevcontainerPath, cancellationToken) ?? codespace.Submodules))
        {
            log.Write("clone", CloneSubmodules.NotCloned(codespace.RepositoryFullName));
            return;
        }

        if (!codespace.Submodules)
        {
            credential = await credentials.OwnAsync(
                start.Principal.RepositoryId, codespace.PersonId, codespace.OwnerLogin, url, cancellationToken);
        }

        var cloned = await clone.RunAsync(
            new SubmoduleRequest(url, folders.CloneInProgress, start.GitView, credential), line => log.Write("clone", line),
            cancellationToken);
        await File.WriteAllBytesAsync(
            folders.Submodules, JsonSerializer.SerializeToUtf8Bytes<IReadOnlyList<string>>([.. cloned.Distinct()]), cancellationToken);
    }
}
