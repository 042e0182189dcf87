using Berth.Server.Access;
using Berth.Server.Api;
using Berth.Server.Database;
using Berth.Server.Json;
using Berth.Server.Npm.Authorization;
using Berth.Server.Packages;

namespace Berth.Server.Npm.People;

/// <summary>
/// <c>npm access</c> for packages: whether one is public, who has access, and an account's packages. It also changes a package's
/// visibility, by the same code as the REST API.
/// </summary>
internal static class CollaboratorEndpoints
{
    private const int Batch = 250;

    public static void MapCollaborators(this IEndpointRouteBuilder npm)
    {
        const string package = "/-/package/@{scope}/{name}";
        npm.MapGet(package + "/visibility", Visible).Requires(PackageAction.Pull);
        npm.MapGet(package + "/collaborators", CollaboratorsAsync).Requires(PackageAction.Manage);
        npm.MapPost(package + "/access", SetAsync).Requires(PackageAction.Manage);
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
            users.ToDictionary(user => user.Name, user => NpmPermissions.Of(user.Role != "read"), StringComparer.Ordinal),
            NpmJson.Default.IReadOnlyDictionaryStringString);
    }

    private static async Task<IResult> SetAsync(
        HttpRequest request, NpmAccess access, ChangePackage change, CancellationToken cancellationToken)
    {
        var body = await NpmBody.ReadAsync(request, cancellationToken);
        Visibility? visibility = body.TextOf("access") switch
        {
            "public" => Visibility.Public,
            "restricted" or "private" => Visibility.Private,
            _ => null,
        };
        if (visibility is null)
        {
            return NpmErrors.Bad("access is public or restricted; there are no second factors here, so none can be demanded of a publish");
        }

        await change.ChangeAsync(
            new ApiCaller(access.Principal, access.Actor), access.Address,
            new PackageRequest(visibility, NamesRepository: false, Repository: null, InheritAccess: null), cancellationToken);
        return Results.Json(new NpmDone(true, access.Address.ToString()), NpmJson.Default.NpmDone);
    }

    /// <summary>Lists the packages that the caller may read.</summary>
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
                found[package.ToString()] = NpmPermissions.Of(push.Allowed);
            }

            after = own.Count == page.Packages.Count ? page.After : null;
        }

        return Results.Json<IReadOnlyDictionary<string, string>>(found, NpmJson.Default.IReadOnlyDictionaryStringString);
    }
}
