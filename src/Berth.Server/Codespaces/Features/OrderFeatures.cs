using Berth.Server.Faults;

namespace Berth.Server.Codespaces.Features;

/// <summary>A feature and those that it cannot do without.</summary>
internal sealed record FeatureNode(Feature Feature, IReadOnlyList<string> Needs);

/// <summary>
/// The order of installation (containers.dev, "Feature installation order"): in rounds, each taking what has all it waits for; of these the
/// configuration's <c>overrideFeatureInstallOrder</c> chooses, then the name.
/// </summary>
internal static class OrderFeatures
{
    /// <param name="first">Names without version; the first first.</param>
    /// <exception cref="FaultException">They wait for each other.</exception>
    public static List<Feature> Run(IReadOnlyDictionary<string, FeatureNode> nodes, IReadOnlyList<string> first)
    {
        Dictionary<string, HashSet<string>> waits = nodes.ToDictionary(
            node => node.Key,
            node => node.Value.Needs.Concat(Soft(node.Value.Feature, nodes.Values))
                .Where(key => key != node.Key)
                .ToHashSet(StringComparer.Ordinal),
            StringComparer.Ordinal);
        List<Feature> order = [];
        while (waits.Count > 0)
        {
            var ready = waits.Where(entry => entry.Value.Count == 0).Select(entry => nodes[entry.Key].Feature).ToList();
            if (ready.Count == 0)
            {
                var names = waits.Keys.Select(key => nodes[key].Feature.Name.Text).Order(StringComparer.Ordinal);
                throw new FaultException(
                    FaultKind.Configuration, $"the features {string.Join(", ", names)} wait for each other (dependsOn, installsAfter)");
            }

            var highest = ready.Max(feature => Priority(feature, first));
            foreach (var feature in ready.Where(feature => Priority(feature, first) == highest)
                .OrderBy(feature => feature.Key, StringComparer.Ordinal))
            {
                order.Add(feature);
                waits.Remove(feature.Key);
                foreach (var others in waits.Values)
                {
                    others.Remove(feature.Key);
                }
            }
        }

        return order;
    }

    private static IEnumerable<string> Soft(Feature feature, IEnumerable<FeatureNode> nodes)
    {
        var after = feature.InstallsAfter.Select(Unversioned).ToHashSet(StringComparer.OrdinalIgnoreCase);
        return after.Count == 0 ? [] : nodes.Where(node => Names(node.Feature).Any(after.Contains)).Select(node => node.Feature.Key);
    }

    private static int Priority(Feature feature, IReadOnlyList<string> first)
    {
        for (var i = 0; i < first.Count; i++)
        {
            if (Names(feature).Append(feature.Name.Text).Contains(Unversioned(first[i]), StringComparer.OrdinalIgnoreCase))
            {
                return first.Count - i;
            }
        }

        return 0;
    }

    private static IEnumerable<string> Names(Feature feature) => feature.FormerNames.Prepend(feature.Name.Resource);

    private static string Unversioned(string id)
    {
        var name = id.Split('@')[0];
        var colon = name.LastIndexOf(':');
        return colon > name.LastIndexOf('/') ? name[..colon] : name;
    }
}
