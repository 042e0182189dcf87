using Berth.Client.Wire;
using Berth.Server.Access;
using Berth.Server.Packages.References;
using Berth.Server.Packages.Retention;
using CsCheck;

namespace Berth.Tests.Packages.Retention;

/// <summary>What must hold for versions with numbers, whatever the policy says. Most have no tag, and are in use nevertheless.</summary>
public sealed class NpmRetentionPlanTests
{
    private const long Packages = 20_000;
    private static readonly string[] Patterns = ["*", "*-*", "1.*", "0.*", "*-pr.*"];

    private static readonly Gen<(VersionGraph Graph, PlanMoment Moment)> Package =
        from count in Gen.Int[1, 30]
        from ages in Gen.Int[0, 120].Array[count]
        from touched in Gen.Int[0, 120].Array[count]
        from shapes in Gen.Int[0, 3].Array[count]
        from pulls in Gen.Int[-60, 120].Array[count]
        from tags in Gen.Int[0, count - 1].Array[3]
        from needed in Gen.Int[0, count - 1].Array[0, 3]
        select Build(ages, touched, shapes, pulls, tags, needed);

    private static readonly Gen<RetentionRule> Rule =
        from kind in Gen.Int[0, 2]
        from versions in Gen.OneOf(Patterns).Array[1, 3]
        from newest in Gen.Int[-3, 5]
        from days in Gen.Int[-30, 100]
        from idle in Gen.Int[-100, 100]
        select new RetentionRule
        {
            Versions = kind == 0 ? versions : null,
            Untagged = kind == 1 ? true : null,
            Tags = kind == 2 ? ["pr-*"] : null,
            KeepNewest = newest < 0 ? null : newest,
            OlderThanDays = days < 1 ? null : days,
            NotPulledForDays = idle < 1 ? null : idle,
        };

    private static readonly Gen<RetentionPolicy> Policy =
        from rules in Rule.List[1, 3]
        select new RetentionPolicy { Rules = rules };

    [Fact]
    public void What_is_needed_stays_and_a_tag_goes_only_by_a_rule_of_tags() =>
        Gen.Select(Package, Policy).Sample(
            (package, policy) =>
            {
                var removed = RetentionPlan.Of(package.Graph, policy, package.Moment).Select(removal => removal.Version).ToList();
                var ofTags = policy.Rules.Any(rule => rule.Tags is not null);
                return removed.TrueForAll(
                    version => !package.Moment.Needed.ContainsKey(version.Name)
                        && (version.Tags.Count == 0
                            || (ofTags && version.Tags.All(tag => tag.StartsWith("pr-", StringComparison.Ordinal)))));
            },
            iter: Packages);

    [Fact]
    public void Having_no_tag_is_no_reason() =>
        Gen.Select(Package, Rule.List[1, 3]).Sample(
            (package, rules) => RetentionPlan.Of(
                package.Graph, new RetentionPolicy { Rules = rules.FindAll(rule => rule.Versions is null) }, package.Moment)
                .All(removal => removal.Version.Tags.Count > 0),
            iter: Packages);

    /// <summary>Versions count from their publication. Removing a tag from an old one does not make it newer.</summary>
    [Fact]
    public void The_newest_numbers_stay() =>
        Gen.Select(Package, Gen.Int[0, 5], Gen.OneOf(Patterns)).Sample(
            (package, newest, pattern) =>
            {
                var policy = new RetentionPolicy { Rules = [new RetentionRule { Versions = [pattern], KeepNewest = newest }] };
                var removed = RetentionPlan.Of(package.Graph, policy, package.Moment).Select(removal => removal.Version.Name).ToHashSet();
                var meant = package.Graph.Nodes.Where(
                        node => node.Tags.Count == 0 && !package.Moment.Needed.ContainsKey(node.Name)
                            && TagPattern.Matches(pattern, node.Name))
                    .OrderByDescending(node => node.PublishedAt).ThenByDescending(node => node.Id).ToList();
                return removed.SetEquals(
                    meant.Skip(newest).Where(node => node.LastSetAt < package.Moment.Now - package.Moment.Grace).Select(node => node.Name));
            },
            iter: Packages);

    private static (VersionGraph Graph, PlanMoment Moment) Build(
        int[] ages, int[] touched, int[] shapes, int[] pulls, int[] tags, int[] needed)
    {
        string[] names = [
            .. shapes.Select((shape, i) => shape switch
            {
                0 => $"1.{i}.0",
                1 => $"0.{i}.0",
                2 => $"1.0.0-pr.{i}",
                _ => $"2.{i}.0-rc.1",
            }),
        ];
        string[] words = ["latest", "next", "pr-7"];
        List<VersionNode> nodes = [
            .. names.Select((name, i) => new VersionNode
            {
                Id = i + 1,
                Name = name,
                IsNumbered = true,
                Tags = [.. words.Where((_, tag) => tags[tag] == i)],
                PublishedAt = RandomGraphs.Now.AddDays(-ages[i]),
                LastSetAt = RandomGraphs.Now.AddDays(-Math.Min(ages[i], touched[i])),
                LastPulledAt = pulls[i] < 0 ? null : RandomGraphs.Now.AddDays(-pulls[i]),
            }),
        ];
        return (
            new VersionGraph(nodes),
            new PlanMoment(RandomGraphs.Now)
            {
                Grace = TimeSpan.FromDays(1),
                Needed = needed.Append(tags[0]).Distinct().ToDictionary(i => names[i], _ => "needed", StringComparer.Ordinal),
            });
    }
}
