using Berth.Server.Codespaces.Git;
using Berth.Server.Codespaces.Prebuilds;
using Berth.Server.Codespaces.Workspaces;
using Berth.Server.Database;
using Berth.Server.Faults;
using Berth.Server.Repositories.Cloning;

namespace Berth.Server.Codespaces.Steps;

/// <summary>
/// A prebuild whose workspace the codespace has a copy of. Only when the configuration has been read is it known whether the codespace
/// goes on from it.
/// </summary>
/// <param name="IsCurrent">The prebuild is of the very commit that a clone would check out.</param>
internal sealed record ChosenPrebuild(Prebuild Prebuild, PrebuildRecord Record, bool IsCurrent);

/// <summary>
/// Looks for a prebuild of the branch and copies its workspace before the codespace's own is mounted. A prebuild of the branch's commit is
/// preferred to a newer one. This is only for a codespace that nobody has worked in. If anything goes wrong, it starts without a prebuild.
/// </summary>
internal sealed class ChoosePrebuild(
    Db db, CodespaceHost host, CloneRepository git, CloneCredentials credentials, WorkspaceFilesystem workspaces, CopyWorkspace copy)
{
    public async Task<ChosenPrebuild?> RunAsync(AdmittedStart start, CancellationToken cancellationToken)
    {
        var (codespace, folders) = (start.Codespace, start.Folders);
        if (codespace is not { IsPrebuild: false, Image: null, CloneUrl: { } url })
        {
            return null;
        }

        if (File.Exists(folders.Prebuild))
        {
            await ForgetAsync(folders, cancellationToken);
        }

        var ready = await db.ReadAsync(session => PrebuildTable.ReadyAsync(session, codespace), cancellationToken);
        if (ready.Count == 0)
        {
            return null;
        }

        folders.Prepare();
        try
        {
            var credential = await credentials.ForAsync(
                start.Principal.RepositoryId, codespace.PersonId, codespace.OwnerLogin, url, cancellationToken);
            if (credential is not null)
            {
                start.Log.Mask(credential.Password);
            }

            if (await git.CommitAsync(url, codespace.Ref, start.GitView, credential, cancellationToken) is not { } commit)
            {
                return null; // The clone says that there is no such branch.
            }

            var prebuild = ready.Find(one => one.CommitId == commit) ?? ready[0];
            if (await TakeAsync(prebuild, folders, cancellationToken) is not { } record)
            {
                return null;
            }

            var isCurrent = record.CommitId == commit;
            start.Log.Write(
                "prebuild",
                $"the prebuild {prebuild.Id} is of the commit {record.CommitId}"
                    + (isCurrent ? ", which is the branch's" : $"; the branch has moved to {commit} since"));
            return new ChosenPrebuild(prebuild, record, isCurrent);
        }
        catch (Exception exception) when (exception is FaultException or IOException)
        {
            start.Log.Write("prebuild", $"no prebuild is taken: {exception.Message}");
            await ForgetAsync(folders, cancellationToken);
            return null;
        }
    }

    /// <summary>Copies the record first. It says that the files there are a prebuild's, even if the copy is not complete.</summary>
    private async Task<PrebuildRecord?> TakeAsync(Prebuild prebuild, CodespaceFolders folders, CancellationToken cancellationToken)
    {
        var from = host.Folders(prebuild.Name);
        if (PrebuildRecord.Read(from) is not { } record)
        {
            return null;
        }

        record.Write(folders);
        await workspaces.UnmountAsync(folders, cancellationToken);
        await copy.RunAsync(from, folders, cancellationToken);
        File.Delete(folders.Submodules);
        if (File.Exists(from.Submodules))
        {
            File.Copy(from.Submodules, folders.Submodules);
        }

        return record;
    }

    /// <summary>Deletes what an earlier start, or this one so far, has copied. Nobody has worked in it.</summary>
    private async Task ForgetAsync(CodespaceFolders folders, CancellationToken cancellationToken)
    {
        await workspaces.UnmountAsync(folders, cancellationToken);
        File.Delete(folders.WorkspaceImage);
        CodespaceFolders.Delete(folders.Workspaces);
        File.Delete(folders.Submodules);
        File.Delete(folders.Prebuild);
    }
}
