using Berth.Server.Oci;

namespace Berth.Server.Access;

/// <summary>The grammars of package names.</summary>
internal static class PackageNames
{
    private const int LongestNpm = 200;

    /// <summary>Checks owner and name together, as they are written in <c>/v2</c>.</summary>
    public static bool IsContainer(string name) => ImageName.TryParse(name, out _);

    /// <summary>
    /// Checks the part after the scope by npm's rule: lower case, URL-safe, no dot or underscore at the beginning, at most 214 characters
    /// with the scope.
    /// </summary>
    public static bool IsNpm(string name) =>
        name.Length is > 0 and <= LongestNpm && name[0] is not ('.' or '_')
        && name.All(c => c is (>= 'a' and <= 'z') or (>= '0' and <= '9') or '.' or '_' or '-' or '~');
}
