using System.Globalization;
using System.Text.RegularExpressions;

namespace Berth.Server.Codespaces.Engine;

/// <summary>
/// Known security holes of engines, by version. According to moby's advisories GHSA-rg2x-37c3-w2rh, GHSA-vp62-88p7-qqf5 and
/// GHSA-x86f-5xw2-fm2r, every version up to 28.5.2 has them, and 2.0.0-beta.14 of its module has none. Only the third advisory says that
/// this module is engine 29.5.1, but the others came out with it. 25.0.17 has all three fixes. For other lines no fixed version is known.
/// Distributions fix a version without changing its number, so a version is no proof.
/// </summary>
internal static partial class EngineHoles
{
    /// <summary>The warning for an engine of this version. Null: no hole is known.</summary>
    public static string? Of(string version) =>
        Version().Match(version) is not { Success: true } match
            || IsMended(Number(match, "major"), Number(match, "minor"), Number(match, "patch"))
            ? null
            : $"the container engine {version} has known holes in copying files of running containers (CVE-2026-41567, CVE-2026-41568, "
                + "CVE-2026-42306), unless your distribution mended them: Berth copies another way, and docker cp on a codespace opens the "
                + "host to it; 29.5.1 and 25.0.17 are mended";

    private static bool IsMended(int major, int minor, int patch) =>
        major > 29 || (major == 29 && (minor, patch).CompareTo((5, 1)) >= 0) || (major == 25 && (minor, patch).CompareTo((0, 17)) >= 0);

    private static int Number(Match match, string group) => int.Parse(match.Groups[group].ValueSpan, CultureInfo.InvariantCulture);

    /// <summary>A version such as <c>20.10.24+dfsg1</c>. Podman and others that imitate the engine's API have smaller numbers.</summary>
    [GeneratedRegex(
        @"^(?<major>[12][0-9])\.(?<minor>[0-9]{1,4})\.(?<patch>[0-9]{1,4})",
        RegexOptions.ExplicitCapture | RegexOptions.NonBacktracking)]
    private static partial Regex Version();
}
