using Berth.Server.Codespaces.Expansion;
using Berth.Server.Faults;

namespace Berth.Server.Codespaces.Features;

/// <summary>A feature and the features that it depends on.</summary>
internal sealed record FeatureNode(Feature Feature, IReadOnlyList<string> Needs);

/// <summary>
/// The order of installation (containers.dev, "Feature installation order"). It goes in rounds. Each round takes the features
/// that wait for nothing any more. Among these the configuration's <c>overrideFeatureInstallOrder</c> decides, then the name.
/// </summary>
internal static class OrderFeatures
{
    /// <param name="first">Names without version. The first one is to come first.</param>
    /// <exception cref="FaultException">Features wait for each other, or have too much to say about the order.</exception>
    public static List<Feature> Run(
        IReadOnlyDictionary<string, FeatureNode> nodes, IReadOnlyList<string> first, ExpansionBudget budget)
    {
        var wanted = Wanted(nodes.Values, first, budget);
        Dictionary<string, HashSet<string>> waits = nodes.ToDictionary(
            node => node.Key,
            node => node.Value.Needs.Concat(Soft(wanted[node.Key], wanted.Values))
                .Where(key => key != node.Key)
                .ToHashSet(StringComparer.Ordinal),
            StringComparer.Ordinal);
        List<Feature> order = [];
        while (waits.Count > 0)
        {
            var ready = waits.Where(entry => entry.Value.Count == 0).Select(entry => wanted[entry.Key]).ToList();
            if (ready.Count == 0)
            {
                var names = waits.Keys.Select(key => nodes[key].Feature.Name.Text).Order(StringComparer.Ordinal);
                throw new FaultException(
                    FaultKind.Configuration, $"the features {string.Join(", ", names)} wait for each other (dependsOn, installsAfter)");
            }

            var highest = ready.Max(one => one.Priority);
            foreach (var key in ready.Where(one => one.Priority == highest)
                .Select(one => one.Feature.Key)
                .Order(StringComparer.Ordinal))
            {
                order.Add(nodes[key].Feature);
                waits.Remove(key);
                foreach (var others in waits.Values)
                {
                    others.Remove(key);
                }
            }
        }

        return order;
    }

    /// <summary>What a feature says about the order, looked up once.</summary>
    /// <param name="Names">Its present and former names, without version.</param>
    /// <param name="After">The features that it comes after, if they are installed at all.</param>
    /// <param name="Priority">A higher priority comes earlier.</param>
    private sealed record Place(Feature Feature, HashSet<string> Names, HashSet<string> After, int Priority);

    private static Dictionary<string, Place> Wanted(
        IEnumerable<FeatureNode> nodes, IReadOnlyList<string> first, ExpansionBudget budget)
    {
        Dictionary<string, int> priorities = new(StringComparer.OrdinalIgnoreCase);
        for (var i = 0; i < first.Count; i++)
        {
            priorities.TryAdd(Unversioned(first[i]), first.Count - i);
        }

        Dictionary<string, Place> wanted = new(StringComparer.Ordinal);
        foreach (var feature in nodes.Select(node => node.Feature))
        {
            var names = feature.FormerNames.Prepend(feature.Name.Resource).ToHashSet(StringComparer.OrdinalIgnoreCase);
            var after = feature.InstallsAfter.Select(Unversioned).ToHashSet(StringComparer.OrdinalIgnoreCase);

            // Each of these is compared with the names of every other feature.
            budget.Values(names.Count + after.Count, new TextPlace($"the feature {feature.Name.Text}"));
            wanted[feature.Key] = new Place(
                feature, names, after, names.Append(feature.Name.Text).Max(name => priorities.GetValueOrDefault(name)));
        }

        return wanted;
    }

    private static IEnumerable<string> Soft(Place feature, IEnumerable<Place> others) =>
        feature.After.Count == 0
            ? []
            : others.Where(other => other.Names.Overlaps(feature.After)).Select(other => other.Feature.Key);

    private static string Unversioned(string id)
    {
        var name = id.Split('@')[0];
        var colon = name.LastIndexOf(':');
        return colon > name.LastIndexOf('/') ? name[..colon] : name;
    }
}
