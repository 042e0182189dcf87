using Berth.Server.Codespaces.Git;
using Berth.Server.Codespaces.Prebuilds;
using Berth.Server.Database;

namespace Berth.Server.Codespaces.Steps;

/// <summary>Writes down what a prebuild's container is made of, before anything of the repository's runs in it.</summary>
internal sealed class RecordPrebuild(CloneRepository git, Db db)
{
    public async Task RunAsync(BuiltStart start, CancellationToken cancellationToken)
    {
        if (!start.Codespace.IsPrebuild)
        {
            return;
        }

        var folders = PrebuildHash.FoldersOf(start.Plan, start.Features);
        var (commit, trees) = await git.TreesAsync(start.Workspace, start.GitView, folders, cancellationToken);
        var hash = PrebuildHash.Of(start.Plan, start.Images, start.Features, trees);
        var image = start.Image.Image;
        var record = new PrebuildRecord(
            commit, start.Place.RemoteUser, image,
            start.Images.Values.Select(named => named.Image.Bytes).Where(bytes => bytes <= image.Bytes).DefaultIfEmpty(0).Max(),
            start.Metadata, trees);
        record.Write(start.Folders);
        start.Log.Write("prebuild", $"the prebuild is of the commit {commit}");
        await db.WriteAsync(session => PrebuildTable.MadeOfAsync(session, start.Codespace.Id, commit, hash), cancellationToken);
    }
}
