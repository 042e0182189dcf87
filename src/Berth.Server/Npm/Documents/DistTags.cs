using Berth.Server.Database;
using Berth.Server.Packages;
using Semver;

namespace Berth.Server.Npm.Documents;

/// <summary>Tags of npm packages.</summary>
internal static class DistTags
{
    public const string Latest = "latest";

    /// <summary>The tags of a package that a client sees.</summary>
    public static async Task<IReadOnlyDictionary<string, string>> ReadAsync(
        DbSession session, long packageId, IEnumerable<string> versions) =>
        Of(
            (await TagTable.OfPackageAsync(session, packageId)).ToDictionary(tag => tag.Tag, tag => tag.Version, StringComparer.Ordinal),
            versions);

    /// <summary>
    /// The stored tags. If <c>latest</c> is missing, because its version was deleted or nothing was published under it, it is the highest
    /// version, a release if there is one. Without it npm would install nothing.
    /// </summary>
    public static IReadOnlyDictionary<string, string> Of(IReadOnlyDictionary<string, string> stored, IEnumerable<string> versions)
    {
        if (stored.ContainsKey(Latest) || Highest(versions) is not { } highest)
        {
            return stored;
        }

        return new Dictionary<string, string>(stored, StringComparer.Ordinal) { [Latest] = highest };
    }

    /// <summary>The highest version by precedence (semver.org, section 11). A pre-release counts only if there is nothing else.</summary>
    public static string? Highest(IEnumerable<string> versions) => versions
        .Select(NpmGrammar.Parse)
        .OrderByDescending(version => !version.IsPrerelease).ThenByDescending(version => version, SemVersion.PrecedenceComparer)
        .FirstOrDefault()?.ToString();
}
