using Berth.Server.Access;
using Berth.Server.Database;

namespace Berth.Server.Packages.References;

/// <summary>A version of another package of this server that depends on a package.</summary>
/// <param name="PackageId">The package that has the dependency.</param>
/// <param name="Served">The live versions that satisfy the range. The one that is installed comes first. Empty when the range does not name
/// versions.</param>
internal sealed record VersionNeed(long PackageId, string Version, string Range, IReadOnlyList<string> Served)
{
    public bool IsBrokenWithout(IReadOnlyCollection<string> removed) => Served.Count > 0 && Served.All(removed.Contains);
}

/// <summary>How other packages use a package.</summary>
/// <param name="Default">The live version that a client gets if it names none. Null: the type has no such thing.</param>
internal sealed record PackageUse(string? Default, IReadOnlyList<VersionNeed> Needs)
{
    public static readonly PackageUse None = new(null, []);
}

/// <summary>Says how packages of one type depend on each other.</summary>
internal interface IReadPackageUse
{
    string Type { get; }

    Task<PackageUse> OfAsync(DbSession session, PackageAddress address, long packageId);
}

/// <summary>
/// Protects installations. A version stays while another package here can use it and could use none of those that would be left. A package
/// stays while another one depends on it. Everything that removes versions asks this.
/// </summary>
internal sealed class PackageNeeds(IEnumerable<IReadPackageUse> types)
{
    private const int MostNamed = 5;

    public async Task<PackageUse> OfAsync(DbSession session, long packageId) =>
        await PackageTable.AddressAsync(session, packageId) is { } address
            && types.FirstOrDefault(type => type.Type == address.Type) is { } type
            ? await type.OfAsync(session, address, packageId)
            : PackageUse.None;

    /// <summary>Names those who would break, as far as the principal may know of them. Null: nobody would.</summary>
    /// <param name="removed">Null: the whole package.</param>
    public async Task<string?> BrokenAsync(
        DbSession session, Principal? principal, long packageId, IReadOnlyCollection<string>? removed)
    {
        var broken = (await OfAsync(session, packageId)).Needs.Where(need => removed is null || need.IsBrokenWithout(removed))
            .Select(need => need.PackageId).Distinct().ToList();
        if (broken.Count == 0)
        {
            return null;
        }

        var seen = await SeenAsync(session, principal ?? Principal.Anonymous, broken);
        List<string> words = [.. seen.Values.Take(MostNamed)];
        if (seen.Count > MostNamed)
        {
            words.Add($"{seen.Count - MostNamed} more");
        }

        if (broken.Count > seen.Count)
        {
            words.Add($"{broken.Count - seen.Count} that you may not see");
        }

        return string.Join(", ", words);
    }

    /// <summary>
    /// Returns the versions that stay although a rule would remove them, with the reason. These are the version that is installed when none
    /// is named, and for each need the version that is installed for it, so that no need loses all its versions.
    /// </summary>
    public async Task<IReadOnlyDictionary<string, string>> KeptAsync(DbSession session, long packageId)
    {
        var use = await OfAsync(session, packageId);
        var kept = use.Needs.Where(need => need.Served.Count > 0).GroupBy(need => need.Served[0], StringComparer.Ordinal)
            .ToDictionary(
                needs => needs.Key,
                needs => needs.Select(need => need.PackageId).Distinct().Count() is > 1 and var count
                    ? $"{count} packages of this server depend on it"
                    : "a package of this server depends on it",
                StringComparer.Ordinal);
        if (use.Default is { } name)
        {
            kept[name] = "it is installed when no version is named";
        }

        return kept;
    }

    /// <summary>The names of the packages that the principal may pull, as a manifest writes them.</summary>
    public static async Task<IReadOnlyDictionary<long, string>> SeenAsync(
        DbSession session, Principal principal, IReadOnlyCollection<long> packages)
    {
        var facts = await AccessDecisions.LoadAsync(session, principal, packages);
        return packages.Where(id => facts.TryGetValue(id, out var one) && AccessRules.Decide(principal, PackageAction.Pull, one).Allowed)
            .ToDictionary(id => id, id => facts[id].Address.ToString().ToLowerInvariant());
    }
}
