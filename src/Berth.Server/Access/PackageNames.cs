using Berth.Server.Oci;

namespace Berth.Server.Access;

/// <summary>The grammars of package names.</summary>
internal static class PackageNames
{
    private const int LongestNpm = 200;

    /// <summary>Owner and name together, as they stand in <c>/v2</c>.</summary>
    public static bool IsContainer(string name) => ImageName.TryParse(name, out _);

    /// <summary>
    /// The part after the scope, by npm's rule: lower case, URL-safe, no dot or underscore first, 214 characters with the scope.
    /// </summary>
    public static bool IsNpm(string name) =>
        name.Length is > 0 and <= LongestNpm && name[0] is not ('.' or '_')
        && name.All(c => c is (>= 'a' and <= 'z') or (>= '0' and <= '9') or '.' or '_' or '-' or '~');
}
