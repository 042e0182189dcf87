using Berth.Server.Access;

namespace Berth.Server.Api;

/// <summary>
/// Reads the package from a path: <c>{org}</c> or <c>{username}</c> (neither: the caller), <c>{type}</c>, <c>{name}</c>. A name with
/// slashes is percent-encoded as one segment. Routing leaves <c>%2F</c> as it is and decodes the rest.
/// </summary>
internal static class PackagePath
{
    public static bool TryParse(
        HttpContext http, Principal principal, [System.Diagnostics.CodeAnalysis.NotNullWhen(true)] out PackageAddress? address)
    {
        address = null;
        var route = http.Request.RouteValues;
        var owner = route["org"] as string ?? route["username"] as string ?? (principal as UserPrincipal)?.Login;
        var name = (route["name"] as string)?.Replace("%2F", "/", StringComparison.OrdinalIgnoreCase);
        if (owner is null || name is null)
        {
            return false;
        }

        return TryParse(owner, route["type"] as string, name, out address);
    }

    /// <summary>Returns false for a type or a name that no package can have.</summary>
    public static bool TryParse(
        string owner, string? type, string name, [System.Diagnostics.CodeAnalysis.NotNullWhen(true)] out PackageAddress? address)
    {
        var lower = owner.ToLowerInvariant();
        address = type switch
        {
            PackageAddress.Container when PackageNames.IsContainer($"{lower}/{name}") => new PackageAddress(lower, type, name),
            PackageAddress.Npm when PackageNames.IsNpm(name) => new PackageAddress(lower, type, name),
            _ => null,
        };
        return address is not null;
    }
}
