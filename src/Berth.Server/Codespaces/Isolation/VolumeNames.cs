using System.Security.Cryptography;
using System.Text;
using System.Text.RegularExpressions;

namespace Berth.Server.Codespaces.Isolation;

/// <summary>Names of volumes within a codespace. They are names of folders as well.</summary>
internal static partial class VolumeNames
{
    public static bool IsOne(string name) => Grammar().IsMatch(name);

    /// <summary>
    /// The volume's name for a name that the engine would accept. Characters outside the grammar, such as a variable's braces, are
    /// replaced, and different names stay different.
    /// </summary>
    public static string Of(string name) => IsOne(name) ? name : Made("named", name);

    /// <summary>The name of the empty folder that stands for a path that the repository does not have.</summary>
    public static string OfMissing(string path) => Made("missing", path);

    /// <summary>The name of a volume without a name, made from the path at which it is mounted.</summary>
    public static string OfPlace(string target) => Made("anonymous", target);

    private static string Made(string what, string text) =>
        $"{what}-{Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)))[..16]}";

    [GeneratedRegex(@"^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}\z", RegexOptions.ExplicitCapture | RegexOptions.NonBacktracking)]
    private static partial Regex Grammar();
}
