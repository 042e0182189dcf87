using Berth.Server.Database;

namespace Berth.Server.Codespaces.Prebuilds;

/// <summary>
/// Removes prebuilds: those beyond the number that their configuration keeps, those whose configuration or repository is gone, and the
/// oldest ones while all prebuilds together take more of the disk than they may.
/// </summary>
internal sealed class TrimPrebuilds(Db db, TimeProvider time, CodespaceHost host, CodespaceOptions options, Reconciler reconciler)
{
    public async Task RunOnceAsync(CancellationToken cancellationToken)
    {
        var going = await db.ReadAsync(
            async session =>
            {
                var all = await PrebuildTable.OfHostAsync(session, host.Name);
                return Beyond(all, await KeptAsync(session, all), (long)(options.MaxPrebuildGiB * (1L << 30))).ToList();
            },
            cancellationToken);
        foreach (var prebuild in going)
        {
            await db.WriteAsync(session => CodespaceTable.WantDeletionAsync(session, prebuild.Id, time.GetUtcNow()), cancellationToken);
            reconciler.Wake(prebuild.Id);
        }
    }

    private static async Task<Dictionary<long, long>> KeptAsync(DbSession session, List<Prebuild> all)
    {
        Dictionary<long, long> kept = [];
        foreach (var id in all.Select(prebuild => prebuild.ConfigurationId).OfType<long>().Distinct())
        {
            if (await PrebuildConfigurationTable.FindAsync(session, id) is { } configuration)
            {
                kept[id] = configuration.Kept;
            }
        }

        return kept;
    }

    /// <summary>The prebuilds that are to be removed. One that is being made counts only when it is ready.</summary>
    /// <param name="all">All prebuilds, newest first.</param>
    /// <param name="kept">How many are kept of each configuration.</param>
    internal static IEnumerable<Prebuild> Beyond(IReadOnlyList<Prebuild> all, IReadOnlyDictionary<long, long> kept, long mostBytes)
    {
        Dictionary<long, long> seen = [];
        long bytes = 0;
        foreach (var prebuild in all)
        {
            if (prebuild.ConfigurationId is not { } configuration || !kept.TryGetValue(configuration, out var most))
            {
                yield return prebuild;
                continue;
            }

            if (prebuild.ReadyAt is null)
            {
                continue;
            }

            seen[configuration] = seen.GetValueOrDefault(configuration) + 1;
            if (seen[configuration] > most || bytes + prebuild.Bytes > mostBytes)
            {
                yield return prebuild;
            }
            else
            {
                bytes += prebuild.Bytes;
            }
        }
    }
}
