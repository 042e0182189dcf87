using Berth.Server.Access;
using Berth.Server.Database;
using Berth.Server.Packages.References;
using Semver;

namespace Berth.Server.Npm.Documents;

/// <summary>
/// Finds who on this server depends on an npm package, and on which of its versions. It cannot know what other people's lock files pin.
/// </summary>
internal sealed class ReadNpmUse : IReadPackageUse
{
    public string Type => PackageAddress.Npm;

    public async Task<PackageUse> OfAsync(DbSession session, PackageAddress address, long packageId)
    {
        var numbers = (await NpmVersionTable.NumbersAsync(session, packageId)).Keys;
        var tags = await DistTags.ReadAsync(session, packageId, numbers);
        var latest = tags.GetValueOrDefault(DistTags.Latest);

        // npm chooses in the same way: the version that latest is on if it is in the range, else the highest.
        List<SemVersion> versions = [
            .. numbers.Select(NpmGrammar.Parse)
                .OrderByDescending(version => version.ToString() == latest)
                .ThenByDescending(version => version, SemVersion.SortOrderComparer),
        ];
        var served = new Dictionary<string, IReadOnlyList<string>>(StringComparer.Ordinal);
        List<VersionNeed> needs = [];
        foreach (var dependant in await NpmVersionTable.DependantsAsync(session, address, packageId))
        {
            if (!served.TryGetValue(dependant.Range, out var serving))
            {
                served[dependant.Range] = serving = Served(dependant.Range, versions, tags);
            }

            needs.Add(new VersionNeed(dependant.PackageId, dependant.Version, dependant.Range, serving));
        }

        return new PackageUse(latest, needs);
    }

    /// <summary>Reads a range of versions, or a tag. If <c>latest</c> loses its version, it moves to another one by itself.</summary>
    private static IReadOnlyList<string> Served(
        string text, List<SemVersion> versions, IReadOnlyDictionary<string, string> tags) =>
        text == DistTags.Latest ? versions.ConvertAll(version => version.ToString())
        : SemVersionRange.TryParseNpm(text, out var range) ? [.. versions.Where(range.Contains).Select(version => version.ToString())]
        : tags.TryGetValue(text, out var tagged) ? [tagged]
        : [];
}
