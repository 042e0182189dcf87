using Berth.Server.Access;
using Berth.Server.Database;
using Berth.Server.Http;
using Berth.Server.Npm.Authorization;
using Berth.Server.Packages;

namespace Berth.Server.Npm.People;

/// <summary>
/// <c>npm access</c> as far as it looks: whether a package is public, who has access, and an account's packages. Changes are the REST API's
/// and the <c>berth</c> client's, since npm knows two roles and no repositories.
/// </summary>
internal static class CollaboratorEndpoints
{
    private const int Batch = 250;

    public static void MapCollaborators(this IEndpointRouteBuilder npm)
    {
        const string package = "/-/package/@{scope}/{name}";
        npm.MapGet(package + "/visibility", Visible).Requires(PackageAction.Pull);
        npm.MapGet(package + "/collaborators", CollaboratorsAsync).Requires(PackageAction.Manage);
        npm.MapPost(package + "/access", Elsewhere).Requires(PackageAction.Manage);
        npm.MapGet("/-/org/{account}/package", PackagesAsync).ForAnybody();
        npm.MapGet("/-/user/{account}/package", PackagesAsync).ForAnybody();
    }

    private static IResult Visible(NpmAccess access) => access.Facts.Exists
        ? Results.Text(access.Facts.Visibility == Visibility.Public ? """{"public":true}""" : """{"public":false}""", "application/json")
        : NpmErrors.Unknown(access.Address);

    private static async Task<IResult> CollaboratorsAsync(NpmAccess access, Db db, CancellationToken cancellationToken)
    {
        if (access.PackageId is not { } id)
        {
            return NpmErrors.Unknown(access.Address);
        }

        var users = await db.ReadAsync(session => PackageAccessTable.UsersAsync(session, id), cancellationToken);
        return Results.Json<IReadOnlyDictionary<string, string>>(
            users.ToDictionary(user => user.Name, user => Permission(user.Role != "read"), StringComparer.Ordinal),
            NpmJson.Default.IReadOnlyDictionaryStringString);
    }

    private static IResult Elsewhere(NpmAccess access) => new ApiError(
        405, "UNSUPPORTED", $"access to {access.Address} is not changed by npm: berth package edit and berth package access do it, and the "
            + "REST API");

    /// <summary>Those that the caller may read.</summary>
    private static async Task<IResult> PackagesAsync(
        NpmCaller caller, string account, AccessDecisions access, CancellationToken cancellationToken)
    {
        var found = new Dictionary<string, string>(StringComparer.Ordinal);
        var prefix = account.ToLowerInvariant() + "/";
        for (string? after = prefix; after is not null;)
        {
            var page = await access.ReadableAsync(caller.Principal, PackageAddress.Npm, after, Batch, cancellationToken);
            var own = page.Packages.Where(package => package.Owner.Equals(account, StringComparison.OrdinalIgnoreCase)).ToList();
            foreach (var package in own)
            {
                var push = await access.DecideAsync(caller.Principal, package, PackageAction.Push, cancellationToken);
                found[package.ToString()] = Permission(push.Allowed);
            }

            after = own.Count == page.Packages.Count ? page.After : null;
        }

        return Results.Json<IReadOnlyDictionary<string, string>>(found, NpmJson.Default.IReadOnlyDictionaryStringString);
    }

    private static string Permission(bool writes) => writes ? "read-write" : "read-only";
}
