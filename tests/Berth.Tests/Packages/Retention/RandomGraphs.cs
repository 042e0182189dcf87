using Berth.Client.Wire;
using Berth.Server.Packages.References;
using CsCheck;

namespace Berth.Tests.Packages.Retention;

/// <summary>Packages that nobody would make: indexes of indexes, shared platforms, signatures of signatures, tags everywhere.</summary>
internal static class RandomGraphs
{
    public static readonly DateTimeOffset Now = new(2030, 6, 1, 0, 0, 0, TimeSpan.Zero);
    private static readonly string[] TagNames = ["latest", "v1", "v2", "pr-1", "pr-2", "pr-3", "main", "nightly-1", "nightly-2"];
    private static readonly string[] Patterns = ["*", "pr-*", "v*", "nightly-*", "latest", "*-1", "main"];

    /// <summary>What a digest names exists before what refers to it, so a version refers only to earlier ones.</summary>
    public static readonly Gen<VersionGraph> Graph =
        from count in Gen.Int[1, 24]
        from ages in Gen.Int[0, 120].Array[count]
        from shapes in Gen.Int[0, 5].Array[count]
        from links in Gen.Int[0, 1_000_000].Array[3].Array[count]
        from tagged in Gen.Int[-1, TagNames.Length + 2].Array[2].Array[count]
        from pulls in Gen.Int[-60, 120].Array[count]
        select Build(count, ages, shapes, links, tagged, pulls);

    public static readonly Gen<RetentionPolicy> Policy =
        from rules in Rule.List[1, 4]
        from keep in Gen.OneOf(Patterns[1..]).Array[0, 2]
        select new RetentionPolicy { KeepTags = keep, Rules = rules };

    private static Gen<RetentionRule> Rule =>
        from untagged in Gen.Bool
        from tags in Gen.OneOf(Patterns).Array[1, 3]
        from newest in Gen.Int[-3, 4]
        from days in Gen.Int[-30, 100]
        from idle in Gen.Int[-100, 100]
        select new RetentionRule
        {
            Untagged = untagged ? true : null,
            Tags = untagged ? null : tags,
            KeepNewest = newest < 0 ? null : newest,
            OlderThanDays = days < 1 ? null : days,
            NotPulledForDays = idle < 1 ? null : idle,
        };

    public static string Digest(int number) => $"sha256:{number:x64}";

    private static VersionGraph Build(int count, int[] ages, int[] shapes, int[][] links, int[][] tagged, int[] pulls)
    {
        var taken = new HashSet<string>(StringComparer.Ordinal);
        var nodes = new List<VersionNode>();
        for (var i = 0; i < count; i++)
        {
            nodes.Add(new VersionNode
            {
                Id = i + 1,
                Name = Digest(i),
                // An index of up to three entries, some of which may be missing, or something that refers to an earlier version, or both.
                Lists = shapes[i] is 2 or 3 or 5 && i > 0
                    ? [.. links[i].Select(link => Digest(link % (i + 1) == i ? 999 : link % (i + 1))).Distinct(StringComparer.Ordinal)]
                    : [],
                Subject = shapes[i] is 4 or 5 && i > 0 ? Digest(links[i][0] / 7 % i) : null,
                Tags = [.. tagged[i].Select(tag => Tag(tag, i, links[i][1])).OfType<string>().Where(taken.Add)],
                LastSetAt = Now.AddDays(-ages[i]),
                LastPulledAt = pulls[i] < 0 ? null : Now.AddDays(-pulls[i]),
            });
        }

        return new VersionGraph(nodes);
    }

    private static string? Tag(int tag, int number, int link) =>
        tag < 0 ? null
        : tag < TagNames.Length ? TagNames[tag]
        // The tags by which older tools say what a version refers to.
        : tag == TagNames.Length && number > 0 ? Digest(link % number).Replace(':', '-') + ".sig"
        : null;
}
