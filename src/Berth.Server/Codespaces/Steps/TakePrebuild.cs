using Berth.Server.Codespaces.Engine;
using Berth.Server.Codespaces.Git;
using Berth.Server.Codespaces.Images;
using Berth.Server.Codespaces.Prebuilds;
using Berth.Server.Codespaces.Sandbox;
using Berth.Server.Faults;

namespace Berth.Server.Codespaces.Steps;

/// <summary>
/// Goes on from a prebuild where the container would be made of the same, now that everything the configuration names has been authorised
/// for this person as without a prebuild.
/// </summary>
internal sealed class TakePrebuild(IContainerEngine engine, CloneRepository git, BuildImage build)
{
    /// <summary>Moves the prebuild's checkout away, to make room for a clone of the newer commit of the branch.</summary>
    public static void SetAside(PreparedStart start)
    {
        CodespaceFolders.Delete(start.Folders.PrebuildCheckout);
        if (Directory.Exists(start.Workspace))
        {
            Directory.Move(start.Workspace, start.Folders.PrebuildCheckout);
        }
    }

    /// <returns>Null when the prebuild is not used. The log says why.</returns>
    public async Task<BuiltStart?> RunAsync(FetchedStart start, ChosenPrebuild chosen, CancellationToken cancellationToken)
    {
        try
        {
            if (await WhyNotAsync(start, chosen, cancellationToken) is { } reason)
            {
                start.Log.Write("prebuild", $"the prebuild {chosen.Prebuild.Id} is not taken: {reason}");
                return null;
            }

            if (!chosen.IsCurrent)
            {
                await MoveOnAsync(start, cancellationToken);
            }
        }
        catch (FaultException fault)
        {
            cancellationToken.ThrowIfCancellationRequested();
            start.Log.Write("prebuild", $"the prebuild {chosen.Prebuild.Id} is not taken: {fault.Message}");
            return null;
        }

        // Delete what belongs to one codespace only: its own engine for docker, and what images' volumes of other containers held.
        CodespaceFolders.Delete(start.Folders.Docker);
        start.Log.Write("prebuild", $"going on from the prebuild {chosen.Prebuild.Id}");
        return await build.FinishAsync(start, new PinnedImage(chosen.Prebuild.Image!, chosen.Record.Image), cancellationToken);
    }

    /// <summary>Deletes everything of the prebuild from the codespace's disk.</summary>
    public static void Drop(PreparedStart start, ChosenPrebuild chosen)
    {
        foreach (var entry in Directory.EnumerateDirectories(start.Folders.Workspaces)
            .Where(entry => chosen.IsCurrent || entry != start.Workspace))
        {
            CodespaceFolders.Delete(entry);
        }
    }

    private async Task<string?> WhyNotAsync(FetchedStart start, ChosenPrebuild chosen, CancellationToken cancellationToken)
    {
        if (!chosen.IsCurrent && Path.Exists(Path.Combine(start.Workspace, ".gitmodules")))
        {
            return "the branch has moved since, and the repository has submodules";
        }

        var folders = PrebuildHash.FoldersOf(start.Plan, start.Features);
        var trees = chosen.IsCurrent
            ? chosen.Record.Trees
            : (await git.TreesAsync(start.Workspace, start.GitView, folders, cancellationToken)).Trees;
        if (PrebuildHash.Of(start.Plan, start.Images, start.Features, trees) != chosen.Prebuild.ConfigurationHash)
        {
            return "its configuration, or an image or feature that it names, has changed since";
        }

        return await engine.ImageAsync(chosen.Prebuild.Image!, cancellationToken) is null ? "its image is gone from the engine" : null;
    }

    /// <summary>
    /// Moves the prebuild's checkout to the commit of the clone and gives it the clone's files. Files that git does not track stay. The
    /// checkout's configuration can make git run programs, so git runs in the sandbox without network and logins.
    /// </summary>
    private async Task MoveOnAsync(FetchedStart start, CancellationToken cancellationToken)
    {
        var kept = start.Folders.PrebuildCheckout;
        Ownership.Give(kept, start.GitView.User);
        await git.MoveOnAsync(kept, start.Workspace, start.GitView, cancellationToken);
        CodespaceFolders.Delete(start.Workspace);
        Directory.Move(kept, start.Workspace);
    }
}
