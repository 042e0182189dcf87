using System.Diagnostics.CodeAnalysis;
using Berth.Server.Access;
using Berth.Server.Accounts;

namespace Berth.Server.Npm;

/// <summary>Names of npm packages, which are all scoped: <c>@owner/name</c>.</summary>
internal static class NpmNames
{
    public const string Rule =
        "a name here is @owner/name: the owner's login, and lower case letters, digits and . _ - ~ after the slash, neither . nor _ first, "
            + "214 characters at most";

    /// <param name="scope">Without the at sign. Case does not matter.</param>
    public static bool TryParse(string scope, string name, [NotNullWhen(true)] out PackageAddress? address)
    {
        address = Login.Fault(scope) is null && PackageNames.IsNpm(name)
            ? new PackageAddress(scope.ToLowerInvariant(), PackageAddress.Npm, name)
            : null;
        return address is not null;
    }

    /// <summary>Parses the whole name, as in <c>package.json</c>.</summary>
    public static bool TryParse(string text, [NotNullWhen(true)] out PackageAddress? address)
    {
        address = null;
        return text is ['@', ..] && text.IndexOf('/', StringComparison.Ordinal) is > 1 and var slash
            && TryParse(text[1..slash], text[(slash + 1)..], out address);
    }
}
