using System.Diagnostics.CodeAnalysis;
using Semver;

namespace Berth.Server.Npm;

/// <summary>The grammars of versions and tags of npm packages, and the depth limit of their documents.</summary>
internal static class NpmGrammar
{
    public const int Deepest = 64;
    private const int LongestVersion = 256;
    private const int LongestTag = 214;

    /// <summary>Parses a version that was accepted before.</summary>
    public static SemVersion Parse(string version) => SemVersion.Parse(version, SemVersionStyles.Strict);

    /// <summary>Whether the text is a version by semver.org, without build metadata, which npm removes.</summary>
    public static bool IsVersion(string text, [NotNullWhen(true)] out SemVersion? version)
    {
        version = null;
        return text.Length is > 0 and <= LongestVersion
            && SemVersion.TryParse(text, SemVersionStyles.Strict, out version) && version.Metadata.Length == 0;
    }

    /// <summary>
    /// Null when it may be a tag. A tag must not look like a range of versions, since <c>install NAME@TAG</c> would take it for one.
    /// </summary>
    public static string? FaultOfTag(string tag) =>
        tag.Length is 0 or > LongestTag || tag.Any(c => !(char.IsAsciiLetterOrDigit(c) || "._~-".Contains(c, StringComparison.Ordinal)))
            ? $"a tag has 1 to {LongestTag} letters, digits and . _ ~ -"
        : SemVersionRange.TryParseNpm(tag, out _)
            ? $"the tag {tag} would be read as a range of versions; give it another name"
        : null;
}
