using System.Globalization;
using Berth.Client.Wire;
using Berth.Server.Access;
using Berth.Server.Packages.References;

namespace Berth.Server.Packages.Retention;

/// <summary>A version that a policy removes, and why.</summary>
internal sealed record PlannedRemoval(VersionNode Version, string Reason)
{
    public RetentionRemoval ToWire() => new(Version.Id, Version.Name, Version.Tags, Reason);
}

/// <summary>What a plan depends on besides graph and policy.</summary>
internal sealed record PlanMoment(DateTimeOffset Now)
{
    /// <summary>How long a version without a tag stays in any case. A client that pushes platforms is about to push their index.</summary>
    public TimeSpan Grace { get; init; }

    /// <summary>
    /// The time when pulls began to be counted. Earlier pulls are unknown, so every version may have been pulled until then.
    /// </summary>
    public DateTimeOffset CountedSince { get; init; }

    /// <summary>The deleted ref. Null for all other runs.</summary>
    public FollowedRef? GoneRef { get; init; }

    /// <summary>The push rules. Immutable ones among them keep what their tags name.</summary>
    public IReadOnlyList<TagRule> Rules { get; init; } = [];

    /// <summary>The names of versions that others need, with the reason.</summary>
    public IReadOnlyDictionary<string, string> Needed { get; init; } = new Dictionary<string, string>(StringComparer.Ordinal);

    /// <summary>The push rule or the need that keeps a version, whatever the policy says. Null: there is none.</summary>
    public string? WhyStays(VersionNode release) =>
        Rules.FirstOrDefault(rule => rule.Immutable && release.Tags.Any(rule.Covers)) is { } rule
            ? $"{rule} keeps {string.Join(", ", release.Tags.Where(rule.Covers))}"
            : Needed.GetValueOrDefault(release.Name);
}

/// <summary>
/// Decides what a policy removes, as a function of graph, policy and time. Rules are about releases: versions with a tag, and versions that
/// nothing holds. What a staying release holds, directly or not, stays too. What only removed releases hold is removed with them.
/// </summary>
internal static class RetentionPlan
{
    /// <summary>
    /// How often a plan is extended by looking at what it leaves. A package that needs more looks is extreme, and the next run continues.
    /// </summary>
    private const int Looks = 16;

    /// <summary>
    /// Lists each version after all that hold it. What stays is looked at again, as the next run would, so that nothing is left for that
    /// run. With fewer versions another one may be the newest, and a tag that said what its version refers to may be an ordinary tag.
    /// </summary>
    public static IReadOnlyList<PlannedRemoval> Of(VersionGraph graph, RetentionPolicy policy, PlanMoment moment)
    {
        List<PlannedRemoval> plan = [];
        for (var (rest, look) = (graph, 0); look < Looks; look++)
        {
            var found = Look(rest, policy, moment);
            if (found.Count == 0)
            {
                break;
            }

            plan.AddRange(found);
            rest = rest.Without([.. found.Select(removal => removal.Version.Id)]);
        }

        return plan;
    }

    private static IReadOnlyList<PlannedRemoval> Look(VersionGraph graph, RetentionPolicy policy, PlanMoment moment)
    {
        var releases = graph.Nodes.Where(graph.IsRelease).ToList();
        var reasons = Candidates(graph, releases, policy, moment);
        if (reasons.Count == releases.Count && releases.MaxBy(release => (release.LastSetAt, release.Id)) is { } newest)
        {
            // A package never loses all its versions.
            reasons.Remove(newest.Id);
        }

        var kept = graph.Reach(
            releases.Where(release => !reasons.ContainsKey(release.Id))
                .Concat(graph.Nodes.Where(node => moment.WhyStays(node) is not null)));
        var going = graph.Reach(releases.Where(release => reasons.ContainsKey(release.Id) && !kept.Contains(release.Id)));
        going.ExceptWith(kept);
        return [
            .. Groups(graph, going).SelectMany(group => group)
                .Select(node => new PlannedRemoval(
                    node, reasons.GetValueOrDefault(node.Id) ?? $"goes with {graph.Holders(node).First().Name}")),
        ];
    }

    /// <summary>
    /// What the policy would remove if there were no immutable tags and no needs of others, with the reason why each stays.
    /// </summary>
    public static IReadOnlyList<PlannedRemoval> Kept(VersionGraph graph, RetentionPolicy policy, PlanMoment moment)
    {
        var releases = graph.Nodes.Where(graph.IsRelease).ToList();
        var without = Candidates(
            graph, releases, policy, moment with { Rules = [], Needed = new Dictionary<string, string>(StringComparer.Ordinal) });
        return [
            .. releases.Where(release => without.ContainsKey(release.Id))
                .Select(release => (Release: release, Why: moment.WhyStays(release))).Where(kept => kept.Why is not null)
                .Select(kept => new PlannedRemoval(kept.Release, $"stays: {kept.Why}")),
        ];
    }

    /// <summary>
    /// Splits the plan into parts of about that many versions. Each part can be removed by itself: nothing that stays or belongs to a later
    /// part lists a removed version, and no removed version leaves behind what only it held.
    /// </summary>
    public static IEnumerable<IReadOnlyList<PlannedRemoval>> Batches(VersionGraph graph, IReadOnlyList<PlannedRemoval> plan, int most)
    {
        var planned = plan.ToDictionary(removal => removal.Version.Id);
        List<PlannedRemoval> batch = [];
        foreach (var group in Groups(graph, [.. planned.Keys]))
        {
            batch.AddRange(group.Select(node => planned[node.Id]));
            if (batch.Count >= most)
            {
                yield return batch;
                batch = [];
            }
        }

        if (batch.Count > 0)
        {
            yield return batch;
        }
    }

    /// <summary>
    /// Groups what is removed, so that each version comes after all that hold it, or together with them. What something else holds is in no
    /// group.
    /// </summary>
    private static IEnumerable<IReadOnlyList<VersionNode>> Groups(VersionGraph graph, HashSet<long> going)
    {
        var gone = new HashSet<long>();
        foreach (var start in graph.Nodes.Where(node => going.Contains(node.Id) && !graph.Holders(node).Any()))
        {
            yield return graph.WithParts([start], part => going.Contains(part.Id), gone);
        }

        // An index may refer to what it lists. Then each holds the other.
        foreach (var node in graph.Nodes.Where(node => going.Contains(node.Id)))
        {
            while (!gone.Contains(node.Id) && Outermost(graph, node, gone, []) is { } circle && circle.All(one => going.Contains(one.Id)))
            {
                yield return graph.WithParts(circle, part => going.Contains(part.Id), gone);
            }
        }
    }

    /// <summary>Finds the circle above the version that only itself and removed versions hold. Null when there is none.</summary>
    private static IReadOnlyList<VersionNode>? Outermost(VersionGraph graph, VersionNode node, HashSet<long> gone, HashSet<long> looked)
    {
        var below = graph.Reach([node]);
        var circle = graph.Nodes.Where(other => below.Contains(other.Id) && graph.Reach([other]).Contains(node.Id)).ToList();
        var ids = circle.Select(one => one.Id).ToHashSet();
        looked.UnionWith(ids);
        var above = circle.SelectMany(graph.Holders).FirstOrDefault(holder => !gone.Contains(holder.Id) && !ids.Contains(holder.Id));
        return above is null ? circle : looked.Contains(above.Id) ? null : Outermost(graph, above, gone, looked);
    }

    private static Dictionary<long, string> Candidates(
        VersionGraph graph, IReadOnlyList<VersionNode> releases, RetentionPolicy policy, PlanMoment moment)
    {
        var reasons = new Dictionary<long, string>();
        var open = releases.Where(
            release => !release.Tags.Any(tag => MatchesAny(policy.KeepTags, tag)) && moment.WhyStays(release) is null).ToList();
        for (var number = 1; number <= policy.Rules.Count; number++)
        {
            var rule = policy.Rules[number - 1];
            if (moment.GoneRef is not null && rule.ExpiresWith is null)
            {
                // A deleted ref is no reason to apply the rest of the policy. An ordinary run does that.
                continue;
            }

            var meant = open.Where(release => Means(rule, release, graph.Tags(release), moment))
                .OrderByDescending(Since).ThenByDescending(release => release.Id)
                .Skip(rule.KeepNewest ?? 0);
            foreach (var release in meant.Where(release => IsDue(rule, graph, release, moment)))
            {
                reasons.TryAdd(release.Id, $"rule {number}: {Words(rule, graph, release, moment)}");
            }
        }

        return reasons;
    }

    /// <summary>
    /// Decides which of two is newer. A number counts from its publication, whatever happens to its tags. A digest is as new as its tag.
    /// </summary>
    private static DateTimeOffset Since(VersionNode release) => release.IsNumbered ? release.PublishedAt : release.LastSetAt;

    private static bool Means(RetentionRule rule, VersionNode release, IReadOnlyList<string> tags, PlanMoment moment) =>
        tags.Count == 0
            ? release.IsNumbered ? MatchesAny(rule.Versions, release.Name) : rule.Untagged == true
        : rule.ExpiresWith is { } refs ? moment.GoneRef is { } gone && tags.All(tag => refs.Any(pattern => gone.IsFollowedBy(tag, pattern)))
        : tags.All(tag => MatchesAny(rule.Tags, tag));

    private static bool IsDue(RetentionRule rule, VersionGraph graph, VersionNode release, PlanMoment moment) =>
        (rule.OlderThanDays is not { } days || release.LastSetAt < moment.Now.AddDays(-days))
        && (rule.NotPulledForDays is not { } idle || LastPull(graph, release, moment) < moment.Now.AddDays(-idle))
        && (graph.Tags(release).Count > 0 || release.LastSetAt < moment.Now - moment.Grace);

    /// <summary>A release that was never pulled counts from its push, or from the time when counting began.</summary>
    private static DateTimeOffset LastPull(VersionGraph graph, VersionNode release, PlanMoment moment) =>
        new[] { graph.LastPull(release) ?? release.LastSetAt, release.LastSetAt, moment.CountedSince }.Max();

    private static bool MatchesAny(IReadOnlyList<string>? patterns, string tag) =>
        patterns is not null && patterns.Any(pattern => TagPattern.Matches(pattern, tag));

    private static string Words(RetentionRule rule, VersionGraph graph, VersionNode release, PlanMoment moment)
    {
        List<string> words = [
            rule.Versions is not null ? "no tag is on it, and its number is such"
            : release.Tags.Count == 0 ? "it has no tag"
            : $"all its tags are such ({string.Join(", ", release.Tags)})"];
        if (rule.ExpiresWith is not null)
        {
            words.Add($"the {moment.GoneRef} is gone");
        }

        if (rule.KeepNewest is { } newest)
        {
            words.Add($"{newest} newer ones stay");
        }

        if (rule.OlderThanDays is { } days)
        {
            words.Add($"it is more than {days} days old (of {Day(release.LastSetAt)})");
        }

        if (rule.NotPulledForDays is { } idle)
        {
            words.Add($"nobody pulled it for {idle} days (last {Day(LastPull(graph, release, moment))})");
        }

        return string.Join("; ", words);
    }

    private static string Day(DateTimeOffset time) => time.UtcDateTime.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);
}
