using Berth.Client.Wire;
using Berth.Server.Access;
using Berth.Server.Database;
using Berth.Server.Packages.Changes;
using Berth.Server.Packages.Content;
using Berth.Server.Packages.Pulls;
using Berth.Server.Packages.References;
using Berth.Server.Packages.Rules;

namespace Berth.Server.Packages.Retention;

/// <summary>The cause of a run. Stored in lower case.</summary>
internal enum RunCause
{
    Schedule,
    Manual,

    /// <summary>A ref of the linked repository was deleted.</summary>
    Ref,
}

/// <summary>A policy that is not set, to ask what it would remove.</summary>
/// <param name="OfOwner">Whether it is tried as the account's policy. A package's own policy still comes first then.</param>
internal sealed record TriedPolicy(RetentionPolicy Policy, bool OfOwner)
{
    /// <summary>Whether it applies in place of the policy that is in force.</summary>
    public bool Replaces(PolicyRow? inForce) => !OfOwner || inForce?.PackageId is null;
}

/// <summary>
/// Removes softly what the policy of a package removes, some versions in each transaction. A plan is made from one snapshot. If a
/// transaction finds that the package has changed since, it does nothing, and a new plan is made.
/// </summary>
internal sealed partial class RunRetention(
    Db db, PackageNeeds needs, RetentionOptions options, TimeProvider time, ILogger<RunRetention> logger)
{
    private const int Batch = 200;

    /// <summary>The limit of plans, so that somebody who changes the package all the time does not hold up everything else.</summary>
    private const int MostPlans = 10;

    /// <summary>Returns null when no policy applies to the package, or when there was nothing to do and nobody asked for the run.</summary>
    /// <param name="goneRef">The deleted ref that caused the run. Null: another cause.</param>
    public async Task<RetentionRun?> RunAsync(
        long packageId, ChangeActor actor, RunCause cause, FollowedRef? goneRef, CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        var plan = await PlanAsync(packageId, null, Moment(now, goneRef), cancellationToken);
        if (plan.Policy is null or { Parsed.Enabled: false } || (plan.Removals.Count == 0 && cause != RunCause.Manual))
        {
            return null;
        }

        var run = await db.WriteAsync(
            session => RetentionRunTable.BeginAsync(session, packageId, cause.ToString().ToLowerInvariant(), actor.Key, now),
            cancellationToken);
        for (var plans = 1; !await RemoveAsync(packageId, run, actor, plan, now, cancellationToken) && plans < MostPlans; plans++)
        {
            plan = await PlanAsync(packageId, null, Moment(now, goneRef), cancellationToken);
        }

        var done = await db.WriteAsync(
            async session =>
            {
                await RetentionRunTable.FinishAsync(session, run, time.GetUtcNow());
                return await RetentionRunTable.FindAsync(session, packageId, run);
            },
            cancellationToken);
        if (done is { Removed: > 0 })
        {
            LogRemoved(done.Removed, done.Package);
        }

        return done;
    }

    /// <summary>Says what a run would remove now.</summary>
    /// <param name="tried">Null: the policy that is in force.</param>
    public async Task<RetentionPreview> PreviewAsync(long packageId, TriedPolicy? tried, CancellationToken cancellationToken)
    {
        var plan = await PlanAsync(packageId, tried, Moment(time.GetUtcNow(), null), cancellationToken);
        var kept = (plan.Policy?.Parsed ?? tried?.Policy) is { Enabled: not false } policy
            ? RetentionPlan.Kept(plan.Graph, policy, plan.Moment)
            : [];
        return new RetentionPreview
        {
            Source = plan.Policy?.ToWire().Source ?? (tried is null ? null : "request"),
            Removes = [.. plan.Removals.Select(removal => removal.ToWire())],
            Keeps = plan.Graph.Nodes.Count - plan.Removals.Count,
            Protected = [.. kept.Select(removal => removal.ToWire())],
        };
    }

    private PlanMoment Moment(DateTimeOffset now, FollowedRef? goneRef) =>
        new(now) { Grace = TimeSpan.FromHours(options.BlobGraceHours), GoneRef = goneRef };

    private Task<Plan> PlanAsync(long packageId, TriedPolicy? tried, PlanMoment moment, CancellationToken cancellationToken) =>
        db.ReadAsync(
            async session =>
            {
                // Read the stamp first. A change between the stamp and the graph then makes the plan invalid. The other way round it would
                // go unnoticed.
                var stamp = await StampAsync(session, packageId);
                var row = await RetentionTable.InForceAsync(session, packageId);
                row = tried?.Replaces(row) == true ? null : row;
                var graph = await ReferenceTable.GraphAsync(session, packageId);
                var policy = row?.Parsed ?? tried?.Policy;
                if (policy is null or { Enabled: false })
                {
                    return new Plan(row, graph, [], moment, stamp);
                }

                var full = moment with
                {
                    CountedSince = await PullTable.CountedSinceAsync(session),
                    Rules = await TagRuleTable.InForceAsync(session, packageId),
                    Needed = await needs.KeptAsync(session, packageId),
                };
                return new Plan(row, graph, RetentionPlan.Of(graph, policy, full), full, stamp);
            },
            cancellationToken);

    /// <summary>Returns false when the package has changed since the plan was made. What was removed until then stays removed.</summary>
    private async Task<bool> RemoveAsync(
        long packageId, long run, ChangeActor actor, Plan plan, DateTimeOffset now, CancellationToken cancellationToken)
    {
        var stamp = plan.Stamp;
        foreach (var batch in RetentionPlan.Batches(plan.Graph, plan.Removals, Batch))
        {
            var after = await db.WriteAsync(
                async session =>
                {
                    // Check the dependants again, since a new dependant changes another package and not this one's stamp.
                    HashSet<string> going = [.. batch.Select(removal => removal.Version.Name)];
                    if (await StampAsync(session, packageId) != stamp
                        || await needs.BrokenAsync(session, principal: null, packageId, going) is not null)
                    {
                        return null;
                    }

                    var changes = new PackageChanges(session, actor.ByPolicy(), now);
                    foreach (var version in batch.Select(removal => removal.Version))
                    {
                        await changes.DeleteVersionAsync(packageId, new VersionRow { Id = version.Id, Name = version.Name });
                    }

                    await RetentionRunTable.AddAsync(session, run, batch);
                    return await StampAsync(session, packageId);
                },
                cancellationToken);
            if (after is null)
            {
                return false;
            }

            stamp = after;
        }

        return true;
    }

    /// <summary>A stamp that differs after every change of the package and of its policies. Null when the package is gone.</summary>
    private static Task<string?> StampAsync(DbSession session, long packageId) => session.FirstOrDefaultAsync<string>(
        """
        select p.updated_at || ' ' || coalesce((select max(e.id) from package_events e where e.package_id = p.id), 0) || ' '
          || coalesce((select max(r.id) from retention_policies r where r.package_id = p.id), 0) || ' '
          || coalesce((select max(r.id) from retention_policies r where r.owner_id = p.owner_id), 0) || ' '
          || coalesce((select max(r.id) from push_rules r where r.package_id = p.id or r.owner_id = p.owner_id), 0)
        from packages p where p.id = @packageId and p.state = 'live'
        """,
        new { packageId });

    [LoggerMessage(Level = LogLevel.Information, Message = "Retention removed {Count} versions of {Package}")]
    private partial void LogRemoved(int count, string package);

    private sealed record Plan(
        PolicyRow? Policy, VersionGraph Graph, IReadOnlyList<PlannedRemoval> Removals, PlanMoment Moment, string? Stamp);
}
