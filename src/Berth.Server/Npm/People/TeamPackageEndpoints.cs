using System.Text.Json;
using Berth.Server.Access;
using Berth.Server.Api;
using Berth.Server.Database;
using Berth.Server.Faults;
using Berth.Server.Http;
using Berth.Server.Npm.Authorization;
using Berth.Server.Organizations;
using Berth.Server.Packages;

namespace Berth.Server.Npm.People;

/// <summary>
/// <c>npm access grant</c> and <c>revoke</c>, and the packages of a team. npm's two words mean the roles read and write. Only the REST API
/// can grant admin. Changes use the same code as the REST API.
/// </summary>
internal static class TeamPackageEndpoints
{
    public static void MapTeamPackages(this IEndpointRouteBuilder npm)
    {
        const string packages = "/-/team/{org}/{team_slug}/package";
        npm.MapGet(packages, ListAsync).RequiresOfApi(ApiNeed.OrganizationMember, "read:org");

        // The body names the package, so the package's own rules are checked when it is read.
        npm.MapPut(packages, GrantAsync).RequiresOfApi(ApiNeed.PackageUser, "write:packages");
        npm.MapDelete(packages, RevokeAsync).RequiresOfApi(ApiNeed.PackageUser, "write:packages");
    }

    /// <summary>Lists the packages that the caller may read.</summary>
    private static async Task<IResult> ListAsync(
        string team_slug, ApiCaller caller, OrganizationAccess organization, Db db, AccessDecisions access,
        CancellationToken cancellationToken)
    {
        var rows = await db.ReadAsync(
            async session => await TeamTable.FindAsync(session, organization.Organization.Id, team_slug) is { } team
                ? await PackageAccessTable.OfTeamAsync(session, team.Id, PackageAddress.Npm)
                : null,
            cancellationToken);
        if (rows is null)
        {
            // Not 404, because npm would then ask for the packages of the organization.
            return NpmErrors.Bad($"{organization.Organization.Login} has no team {team_slug}");
        }

        var owner = organization.Organization.Login.ToLowerInvariant();
        var found = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var row in rows)
        {
            var package = new PackageAddress(owner, PackageAddress.Npm, row.Name);
            if ((await access.DecideAsync(caller.Principal, package, PackageAction.Pull, cancellationToken)).Allowed)
            {
                found[package.ToString()] = NpmPermissions.Of(RoleNames.OfRepository(row.Role));
            }
        }

        return Results.Json<IReadOnlyDictionary<string, string>>(found, NpmJson.Default.IReadOnlyDictionaryStringString);
    }

    private static async Task<IResult> GrantAsync(
        string team_slug, HttpRequest request, ApiCaller caller, OrganizationAccess organization, AccessDecisions access,
        ChangeGrants grants, CancellationToken cancellationToken)
    {
        var body = await NpmBody.ReadAsync(request, cancellationToken);
        var permission = body.Needs("permissions");
        if (!NpmPermissions.TryParse(permission, out var role))
        {
            return NpmErrors.Bad($"permissions are read-only or read-write, and not {Shown.Quoted(permission)}");
        }

        var package = await PackageAsync(body, caller, organization, access, cancellationToken);
        await grants.SetTeamAsync(caller, package, team_slug, role, cancellationToken);
        return Done(package);
    }

    private static async Task<IResult> RevokeAsync(
        string team_slug, HttpRequest request, ApiCaller caller, OrganizationAccess organization, AccessDecisions access,
        ChangeGrants grants, CancellationToken cancellationToken)
    {
        var body = await NpmBody.ReadAsync(request, cancellationToken);
        var package = await PackageAsync(body, caller, organization, access, cancellationToken);
        await grants.RemoveTeamAsync(caller, package, team_slug, cancellationToken);
        return Done(package);
    }

    /// <summary>The package in the body. Its own rules must let the caller manage it.</summary>
    private static async Task<PackageAccess> PackageAsync(
        JsonElement body, ApiCaller caller, OrganizationAccess organization, AccessDecisions access, CancellationToken cancellationToken)
    {
        if (!NpmNames.TryParse(body.Needs("package"), out var address))
        {
            throw new ApiException(NpmErrors.Bad(NpmNames.Rule));
        }

        if (!address.Owner.Equals(organization.Organization.Login, StringComparison.OrdinalIgnoreCase))
        {
            throw new ApiException(
                NpmErrors.Bad($"a team has packages of its own organization, and {address} is none of {organization.Organization.Login}"));
        }

        var facts = await access.FactsAsync(caller.Principal, address, cancellationToken);
        var decision = AccessRules.Decide(caller.Principal, PackageAction.Manage, facts);
        return decision.Allowed && facts.Exists
            ? new PackageAccess(facts)
            : throw new ApiException(ApiAdmission.Refusal(caller.Principal, facts, decision, ApiNeed.PackageAdministrator));
    }

    private static IResult Done(PackageAccess package) =>
        Results.Json(new NpmDone(true, package.Address.ToString()), NpmJson.Default.NpmDone);
}
