using System.Security.Cryptography;
using System.Text;
using System.Text.RegularExpressions;

namespace Berth.Server.Codespaces.Isolation;

/// <summary>Names of volumes within a codespace. They are names of folders as well.</summary>
internal static partial class VolumeNames
{
    public static bool IsOne(string name) => Grammar().IsMatch(name);

    /// <summary>
    /// For a name of an engine's volume. What it has beyond the grammar, such as a variable's braces, is replaced; two names stay two.
    /// </summary>
    public static string Of(string name) => IsOne(name) ? name : Made("named", name);

    /// <summary>Of the empty folder that stands for a path that the repository does not have.</summary>
    public static string OfMissing(string path) => Made("missing", path);

    /// <summary>Of a volume that has no name, by where it is mounted.</summary>
    public static string OfPlace(string target) => Made("anonymous", target);

    private static string Made(string what, string text) =>
        $"{what}-{Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)))[..16]}";

    [GeneratedRegex(@"^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}\z", RegexOptions.ExplicitCapture | RegexOptions.NonBacktracking)]
    private static partial Regex Grammar();
}
