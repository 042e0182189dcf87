using Berth.Server.Access;
using Berth.Server.Packages.References;
using Berth.Server.Packages.Retention;
using CsCheck;

namespace Berth.Tests.Packages.Retention;

/// <summary>
/// What must hold for every package and every policy. The expectations go through the nodes themselves, and do not use the graph that is
/// tested.
/// </summary>
public sealed class RetentionPlanPropertyTests
{
    private const long Graphs = 20_000;
    private static readonly PlanMoment Moment = new(RandomGraphs.Now) { Grace = TimeSpan.FromDays(1) };

    [Fact]
    public void Nothing_that_a_live_tag_reaches_is_removed_and_nothing_that_stays_breaks() =>
        Gen.Select(RandomGraphs.Graph, RandomGraphs.Policy).Sample(
            (graph, policy) =>
            {
                var removed = Names(RetentionPlan.Of(graph, policy, Moment));
                var stays = graph.Nodes.Where(node => !removed.Contains(node.Name)).ToList();
                var reached = Reach(graph, stays.Where(node => node.Tags.Count > 0 || Mentions(graph, node).Count == 0));
                return !reached.Overlaps(removed) && stays.SelectMany(node => node.Lists).All(listed => !removed.Contains(listed))
                    && (stays.Count > 0 || graph.Nodes.Count == 0);
            },
            iter: Graphs);

    [Fact]
    public void A_version_with_a_tag_that_is_kept_stays_with_all_that_it_holds() =>
        Gen.Select(RandomGraphs.Graph, RandomGraphs.Policy).Sample(
            (graph, policy) =>
            {
                var removed = Names(RetentionPlan.Of(graph, policy, Moment));
                var kept = graph.Nodes.Where(
                    node => node.Tags.Any(tag => policy.KeepTags!.Any(pattern => TagPattern.Matches(pattern, tag))));
                return !Reach(graph, kept).Overlaps(removed);
            },
            iter: Graphs);

    [Fact]
    public void What_a_policy_does_not_speak_of_goes_only_with_what_held_it() =>
        Gen.Select(RandomGraphs.Graph, RandomGraphs.Policy).Sample(
            (graph, policy) =>
            {
                var plan = RetentionPlan.Of(graph, policy, Moment);
                var removed = Names(plan);
                return plan.All(
                    removal => removal.Reason.StartsWith("rule ", StringComparison.Ordinal)
                        || (Mentions(graph, removal.Version).Count > 0 && Mentions(graph, removal.Version).All(removed.Contains)));
            },
            iter: Graphs);

    [Fact]
    public void Every_part_of_a_run_can_be_the_last_one() =>
        Gen.Select(RandomGraphs.Graph, RandomGraphs.Policy, Gen.Int[1, 4]).Sample(
            (graph, policy, most) =>
            {
                var plan = RetentionPlan.Of(graph, policy, Moment);
                var planned = Names(plan);
                var gone = new HashSet<string>(StringComparer.Ordinal);
                foreach (var batch in RetentionPlan.Batches(graph, plan, most))
                {
                    gone.UnionWith(batch.Select(removal => removal.Version.Name));
                    // No remaining version lists a removed one, and no version stays whose holders were all removed.
                    if (graph.Nodes.Any(
                        node => !gone.Contains(node.Name)
                            && (node.Lists.Any(gone.Contains)
                                || (planned.Contains(node.Name) && Mentions(graph, node) is { Count: > 0 } holders
                                    && holders.All(gone.Contains)))))
                    {
                        return false;
                    }
                }

                return gone.SetEquals(planned) && plan.Count == planned.Count;
            },
            iter: Graphs);

    [Fact]
    public void What_is_removed_comes_back_whole_with_what_was_removed_for_itself() =>
        Gen.Select(RandomGraphs.Graph, RandomGraphs.Policy).Sample(
            (graph, policy) =>
            {
                // Follow a restoration: from a version to what it lists and what refers to it, if that is deleted.
                var plan = RetentionPlan.Of(graph, policy, Moment);
                var deleted = Names(plan);
                var roots = plan.Where(removal => removal.Reason.StartsWith("rule ", StringComparison.Ordinal))
                    .Select(removal => removal.Version);
                foreach (var root in roots)
                {
                    var waiting = new Stack<VersionNode>([root]);
                    while (waiting.TryPop(out var node))
                    {
                        if (deleted.Remove(node.Name))
                        {
                            foreach (var next in graph.Nodes.Where(
                                other => deleted.Contains(other.Name)
                                    && (node.Lists.Contains(other.Name, StringComparer.Ordinal) || Subjects(other).Contains(node.Name))))
                            {
                                waiting.Push(next);
                            }
                        }
                    }
                }

                return deleted.Count == 0;
            },
            iter: Graphs);

    [Fact]
    public void A_run_after_a_run_finds_nothing_to_do() =>
        Gen.Select(RandomGraphs.Graph, RandomGraphs.Policy).Sample(
            (graph, policy) =>
            {
                var removed = RetentionPlan.Of(graph, policy, Moment).Select(removal => removal.Version.Id).ToHashSet();
                return RetentionPlan.Of(graph.Without(removed), policy, Moment) is [];
            },
            iter: Graphs);

    private static HashSet<string> Names(IEnumerable<PlannedRemoval> plan) =>
        plan.Select(removal => removal.Version.Name).ToHashSet(StringComparer.Ordinal);

    /// <summary>The names of all versions that list this one, and of those that it refers to.</summary>
    private static HashSet<string> Mentions(VersionGraph graph, VersionNode node) =>
        graph.Nodes.Where(other => other.Id != node.Id
                && (other.Lists.Contains(node.Name, StringComparer.Ordinal) || Subjects(node).Contains(other.Name)))
            .Select(other => other.Name).ToHashSet(StringComparer.Ordinal);

    private static HashSet<string> Subjects(VersionNode node) => node.Tags
        .Where(tag => tag.StartsWith("sha256-", StringComparison.Ordinal)).Select(tag => "sha256:" + tag["sha256-".Length..].Split('.')[0])
        .Append(node.Subject).OfType<string>().ToHashSet(StringComparer.Ordinal);

    private static HashSet<string> Reach(VersionGraph graph, IEnumerable<VersionNode> from)
    {
        var reached = new HashSet<string>(StringComparer.Ordinal);
        var waiting = new Stack<VersionNode>(from);
        while (waiting.TryPop(out var node))
        {
            if (reached.Add(node.Name))
            {
                foreach (var next in graph.Nodes.Where(
                    other => node.Lists.Contains(other.Name, StringComparer.Ordinal) || Subjects(other).Contains(node.Name)))
                {
                    waiting.Push(next);
                }
            }
        }

        return reached;
    }
}
