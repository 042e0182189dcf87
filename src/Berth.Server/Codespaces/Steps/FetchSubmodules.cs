using System.Text.Json;
using Berth.Server.Codespaces.Devcontainers;
using Berth.Server.Codespaces.Git;
using Berth.Server.Faults;
using Berth.Server.Repositories.Cloning;

namespace Berth.Server.Codespaces.Steps;

/// <summary>
/// Fetches the submodules of a checkout if the configuration (<c>customizations.berth.submodules</c>) says so, or otherwise the
/// repository's setting. They get the shared credential only if the setting says so: an admin of the repository makes that setting, while
/// everybody who may push can change the configuration.
/// </summary>
internal sealed class FetchSubmodules(CloneSubmodules clone, AddSubmodules add, CloneCredentials credentials)
{
    /// <summary>Fetches all submodules into a fresh clone.</summary>
    public async Task RunAsync(AdmittedStart start, string url, CloneCredential? credential, CancellationToken cancellationToken)
    {
        var (codespace, folders, log) = (start.Codespace, start.Folders, start.Log);
        File.Delete(folders.Submodules);
        if (!CloneSubmodules.HasAny(folders.CloneInProgress))
        {
            return;
        }

        if (!IsWanted(codespace, folders.CloneInProgress, cancellationToken))
        {
            log.Write("clone", CloneSubmodules.NotCloned(codespace.RepositoryFullName));
            return;
        }

        if (!codespace.Submodules)
        {
            credential = await OwnAsync(start, url, cancellationToken);
        }

        var cloned = await clone.RunAsync(
            new SubmoduleRequest(url, folders.CloneInProgress, start.GitView, credential), line => log.Write("clone", line),
            cancellationToken);
        await NoteAsync(folders, cloned.Select(one => one.Url), cancellationToken);
    }

    /// <summary>
    /// Fetches the submodules that are wanted now and that the workspace lacks, so that a change of the configuration takes effect with a
    /// rebuild. A submodule that cannot be fetched only gets a line in the log, as in a fresh clone.
    /// </summary>
    public async Task AddAsync(AdmittedStart start, CancellationToken cancellationToken)
    {
        var (codespace, folders, log) = (start.Codespace, start.Folders, start.Log);
        if (!CloneSubmodules.HasAny(start.Workspace) || codespace.CloneUrl is not { } url
            || !IsWanted(codespace, start.Workspace, cancellationToken))
        {
            return;
        }

        var credential = codespace.Submodules
            ? await credentials.ForAsync(
                start.Principal.RepositoryId, codespace.PersonId, codespace.OwnerLogin, url, cancellationToken)
            : await OwnAsync(start, url, cancellationToken);
        if (credential is not null)
        {
            log.Mask(credential.Password);
        }

        CodespaceFolders.Delete(folders.CloneInProgress);
        try
        {
            var added = await add.RunAsync(
                start.Workspace, new SubmoduleRequest(url, folders.CloneInProgress, start.GitView, credential),
                line => log.Write("clone", line), cancellationToken);
            await NoteAsync(folders, [.. await folders.SubmodulesAsync(cancellationToken), .. added], cancellationToken);
        }
        catch (Exception exception) when (exception is FaultException or IOException or UnauthorizedAccessException)
        {
            cancellationToken.ThrowIfCancellationRequested();
            log.Write("clone", $"submodules that are missing are not fetched: {exception.Message}");
        }
        finally
        {
            CodespaceFolders.Delete(folders.CloneInProgress);
        }
    }

    private static bool IsWanted(Codespace codespace, string checkout, CancellationToken cancellationToken) =>
        SubmoduleWish.Of(checkout, codespace.DevcontainerPath, cancellationToken) ?? codespace.Submodules;

    private Task<CloneCredential?> OwnAsync(AdmittedStart start, string url, CancellationToken cancellationToken) => credentials.OwnAsync(
        start.Principal.RepositoryId, start.Codespace.PersonId, start.Codespace.OwnerLogin, url, cancellationToken);

    private static Task NoteAsync(CodespaceFolders folders, IEnumerable<string> urls, CancellationToken cancellationToken) =>
        File.WriteAllBytesAsync(
            folders.Submodules, JsonSerializer.SerializeToUtf8Bytes<IReadOnlyList<string>>([.. urls.Distinct()]), cancellationToken);
}
