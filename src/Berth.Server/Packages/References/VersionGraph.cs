using Berth.Server.Oci;

namespace Berth.Server.Packages.References;

/// <summary>
/// Says which live versions of a package hold which. An index holds what it lists, and a manifest holds what refers to it. It needs no
/// database, so that decisions about removal can be tested by themselves.
/// </summary>
internal sealed class VersionGraph
{
    private readonly Dictionary<string, VersionNode> _byName;
    private readonly ILookup<string, VersionNode> _byReferrersTag;
    private readonly Dictionary<long, VersionNode> _byId;
    private readonly Dictionary<long, IReadOnlyList<string>> _tags;
    private readonly ILookup<long, VersionNode> _held;
    private readonly ILookup<long, VersionNode> _holders;

    public VersionGraph(IReadOnlyList<VersionNode> nodes)
    {
        Nodes = nodes;
        _byName = nodes.ToDictionary(node => node.Name, StringComparer.Ordinal);
        _byReferrersTag = nodes.ToLookup(node => ReferrersTag.Of(node.Name), StringComparer.Ordinal);
        _byId = nodes.ToDictionary(node => node.Id);
        _tags = nodes.ToDictionary(node => node.Id, IReadOnlyList<string> (node) => [.. node.Tags.Where(tag => !Subjects(tag).Any())]);
        var holds = nodes.SelectMany(Edges).Where(edge => edge.Holder.Id != edge.Held.Id).Distinct().ToList();
        _held = holds.ToLookup(edge => edge.Holder.Id, edge => edge.Held);
        _holders = holds.ToLookup(edge => edge.Held.Id, edge => edge.Holder);
    }

    public IReadOnlyList<VersionNode> Nodes { get; }

    /// <summary>Null when there is no such live version.</summary>
    public VersionNode? Find(string name) => _byName.GetValueOrDefault(name);

    /// <summary>Everything that lists the version, and the manifest that it refers to.</summary>
    public IEnumerable<VersionNode> Holders(VersionNode node) => _holders[node.Id];

    /// <summary>The manifests that it lists, and those that refer to it.</summary>
    public IEnumerable<VersionNode> Held(VersionNode node) => _held[node.Id];

    /// <summary>The indexes that would break without the version.</summary>
    public IEnumerable<VersionNode> Indexes(VersionNode node) =>
        Holders(node).Where(holder => holder.Lists.Contains(node.Name, StringComparer.Ordinal));

    public IEnumerable<VersionNode> Referrers(VersionNode node) =>
        Held(node).Where(held => !node.Lists.Contains(held.Name, StringComparer.Ordinal));

    /// <summary>
    /// The tags that somebody gave. Tags of the referrers tag schema (<c>sha256-HEX</c>, also with <c>.sig</c> and the like) are left out,
    /// as they only say what their version refers to, as long as that exists.
    /// </summary>
    public IReadOnlyList<string> Tags(VersionNode node) => _tags[node.Id];

    /// <summary>Whether the version stands by itself: it has a tag, or nothing holds it.</summary>
    public bool IsRelease(VersionNode node) => Tags(node).Count > 0 || !Holders(node).Any();

    /// <summary>The graph without those versions.</summary>
    public VersionGraph Without(HashSet<long> gone) => new([.. Nodes.Where(node => !gone.Contains(node.Id))]);

    /// <summary>The versions and everything that they hold, directly or not.</summary>
    public HashSet<long> Reach(IEnumerable<VersionNode> from)
    {
        var reached = new HashSet<long>();
        var waiting = new Stack<VersionNode>(from);
        while (waiting.TryPop(out var node))
        {
            if (reached.Add(node.Id))
            {
                foreach (var held in Held(node))
                {
                    waiting.Push(held);
                }
            }
        }

        return reached;
    }

    /// <summary>The last pull of the version or anything that it holds. Clients pull platforms by their own digest.</summary>
    public DateTimeOffset? LastPull(VersionNode node) => Reach([node]).Max(id => _byId[id].LastPulledAt);

    /// <summary>
    /// Returns the roots and everything that would be left without a holder if the roots were removed: versions that only the roots, and
    /// versions that are removed with them, hold. The roots come first, and each version comes after all that hold it.
    /// </summary>
    /// <param name="may">Whether a version may go too. Usually only one without a tag may.</param>
    /// <param name="gone">The versions that went before. This method adds those that go now.</param>
    public IReadOnlyList<VersionNode> WithParts(
        IEnumerable<VersionNode> roots, Func<VersionNode, bool> may, HashSet<long>? gone = null)
    {
        List<VersionNode> going = [.. roots];
        gone ??= [];
        gone.UnionWith(going.Select(node => node.Id));
        for (var next = 0; next < going.Count; next++)
        {
            foreach (var part in Held(going[next]).Where(
                part => !gone.Contains(part.Id) && may(part) && Holders(part).All(holder => gone.Contains(holder.Id))))
            {
                gone.Add(part.Id);
                going.Add(part);
            }
        }

        return going;
    }

    private IEnumerable<(VersionNode Holder, VersionNode Held)> Edges(VersionNode node)
    {
        foreach (var listed in node.Lists.Select(Find).OfType<VersionNode>())
        {
            yield return (node, listed);
        }

        foreach (var subject in node.Tags.SelectMany(Subjects))
        {
            yield return (subject, node);
        }

        if (node.Subject is { } name && Find(name) is { } held)
        {
            yield return (held, node);
        }
    }

    /// <summary>The live versions that a tag of the referrers tag schema names.</summary>
    private IEnumerable<VersionNode> Subjects(string tag) => ReferrersTag.TrySubject(tag, out var subject) ? _byReferrersTag[subject] : [];
}
