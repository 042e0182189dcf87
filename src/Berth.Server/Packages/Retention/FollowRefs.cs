using Berth.Client.Wire;
using Berth.Server.Access;
using Berth.Server.Database;
using Berth.Server.Repositories;

namespace Berth.Server.Packages.Retention;

/// <summary>When a ref of a repository is deleted, removes the versions that followed it from packages whose policy says so.</summary>
internal sealed class FollowRefs(Db db, RunRetention run) : IFollowRefs
{
    public async Task RefGoneAsync(long repositoryId, string reference, ChangeActor actor, CancellationToken cancellationToken) =>
        await GoneAsync(repositoryId, reference, actor, cancellationToken);

    /// <summary>Returns the runs that removed something.</summary>
    public async Task<List<RetentionRun>> GoneAsync(
        long repositoryId, string reference, ChangeActor actor, CancellationToken cancellationToken)
    {
        List<RetentionRun> runs = [];
        if (FollowedRef.TryParse(reference, out var gone))
        {
            foreach (var package in await db.ReadAsync(
                session => RetentionTable.PackagesAsync(session, repositoryId: repositoryId), cancellationToken))
            {
                if (await run.RunAsync(package, actor, RunCause.Ref, gone, cancellationToken) is { } done)
                {
                    runs.Add(done);
                }
            }
        }

        return runs;
    }
}
