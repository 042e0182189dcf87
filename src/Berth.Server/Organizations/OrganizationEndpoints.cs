using System.Text.Json;
using Berth.Client.Wire;
using Berth.Server.Accounts;
using Berth.Server.Api;
using Berth.Server.Api.Bodies;
using Berth.Server.Api.Description;
using Berth.Server.Audit;
using Berth.Server.Database;
using Berth.Server.Http;

namespace Berth.Server.Organizations;

/// <summary>The routes for organizations and their settings.</summary>
internal static class OrganizationEndpoints
{
    private const string Resource = "Organization";

    public static void MapOrganizations(this IEndpointRouteBuilder api)
    {
        api.MapRead("/orgs/{org}", GetAsync).Requires(ApiNeed.Anyone)
            .Does("Get an organization").Gives<Organization>();
        api.MapRead("/organizations/{org}", GetAsync).WithMetadata(new ByIds()).Requires(ApiNeed.Anyone)
            .Does("Get an organization").Gives<Organization>();
        api.MapPatch("/orgs/{org}", ChangeAsync).Requires(ApiNeed.OrganizationOwner, "admin:org")
            .Does("Change an organization").Takes<Client.Wire.OrganizationChange>().Gives<Organization>();
        api.MapPost("/admin/organizations", CreateAsync).Requires(ApiNeed.SiteAdministrator, "site_admin")
            .Does("Make an organization").Takes<NewOrganization>().Creates<Account>();
        api.MapDelete("/orgs/{org}", DeleteAsync).Requires(ApiNeed.OrganizationOwner, "admin:org")
            .Does("Delete an organization with its repositories and packages").GivesNothing();
        api.MapRead("/orgs/{org}/settings/packages", PackageSettingsAsync).Requires(ApiNeed.OrganizationMember, "read:org")
            .Does("Get what an organization allows of packages").Gives<OrganizationPackageSettings>();
        api.MapPatch("/orgs/{org}/settings/packages", ChangePackageSettingsAsync).Requires(ApiNeed.OrganizationOwner, "admin:org")
            .Does("Change what an organization allows of packages").Takes<OrganizationPackageSettingsChange>()
            .Gives<OrganizationPackageSettings>();
        api.MapRead("/user/orgs", OwnAsync).Requires(ApiNeed.User)
            .Does("List one's organizations").Gives<List<Organization>>();
        api.MapRead("/users/{username}/orgs", OfUserAsync).Requires(ApiNeed.Anyone)
            .Does("List the organizations that one shares with a user").Gives<List<Organization>>();
    }

    private static async Task<IResult> GetAsync(
        ApiCaller caller, OrganizationAccess access, Db db, ApiUrls urls, CancellationToken cancellationToken)
    {
        var row = await db.ReadAsync(session => OrganizationTable.FindAsync(session, access.Organization.Id), cancellationToken);
        return row is null ? ApiErrors.Hidden(caller.Principal) : ApiResult.Ok(row.ToWire(urls, forMembers: access.Membership is not null));
    }

    private static async Task<IResult> ChangeAsync(
        HttpRequest request, ApiCaller caller, OrganizationAccess access, Db db, ApiUrls urls, TimeProvider time, AuditLog audit,
        CancellationToken cancellationToken)
    {
        var wanted = await RequestBody.ReadAsync<Client.Wire.OrganizationChange>(request, Resource, cancellationToken);
        var row = await UpdateAsync(
            db,
            access,
            session => audit.RecordAsync(session, caller.Actor, AuditEntry.In(access.Organization, "org.update")),
            new OrganizationChange
            {
                SetsName = wanted.Name.IsNamed,
                Name = wanted.Name.Value,
                BasePermission = wanted.DefaultRepositoryPermission,
                MembersCanCreateRepositories = wanted.MembersCanCreateRepositories,
            },
            time,
            cancellationToken);
        return ApiResult.Ok(row.ToWire(urls, forMembers: true));
    }

    private static async Task<IResult> CreateAsync(
        HttpRequest request, ApiCaller caller, Db db, ApiUrls urls, TimeProvider time, AuditLog audit,
        CancellationToken cancellationToken)
    {
        var wanted = await RequestBody.ReadAsync<NewOrganization>(
            request, Resource, (organization, faults) => AdminEndpoints.CheckLogin(organization.Login, faults), cancellationToken);
        var now = time.GetUtcNow();
        return await db.WriteAsync(
            async session =>
            {
                if (await AccountTable.FindUserAsync(session, wanted.Admin) is not { } owner)
                {
                    return (IResult)ApiErrors.Invalid(Resource, "admin", $"there is no user {wanted.Admin}");
                }

                if (await AccountTable.InsertAsync(session, "organization", wanted.Login, wanted.ProfileName, null, now) is not { } id)
                {
                    return ApiErrors.Exists(Resource, "login", $"the login {wanted.Login} is taken");
                }

                await OrganizationTable.InsertAsync(session, id, owner.Id, now);
                await audit.RecordAsync(
                    session, caller.Actor, AuditEntry.In(id, wanted.Login, "org.create", AuditEntry.User(owner.Login)));
                return ApiResult.Created((await AccountTable.FindAsync(session, id))!.ToSimple(urls));
            },
            cancellationToken);
    }

    private static async Task<IResult> DeleteAsync(
        ApiCaller caller, OrganizationAccess access, Db db, IFollowAccounts followers, AuditLog audit,
        CancellationToken cancellationToken)
    {
        await db.WriteAsync(
            async session =>
            {
                await followers.AccountGoneAsync(session, caller.Actor, access.Organization.Id);
                await AccountTable.DeleteAsync(session, access.Organization.Id);
                await audit.RecordAsync(session, caller.Actor, AuditEntry.In(access.Organization, "org.delete"));
            },
            cancellationToken);
        return ApiResult.NoContent();
    }

    private static async Task<IResult> PackageSettingsAsync(
        ApiCaller caller, OrganizationAccess access, Db db, CancellationToken cancellationToken)
    {
        var row = await db.ReadAsync(session => OrganizationTable.FindAsync(session, access.Organization.Id), cancellationToken);
        return row is null ? ApiErrors.Hidden(caller.Principal) : ApiResult.Ok(row.ToPackageSettings());
    }

    private static async Task<IResult> ChangePackageSettingsAsync(
        HttpRequest request, ApiCaller caller, OrganizationAccess access, Db db, TimeProvider time, AuditLog audit,
        CancellationToken cancellationToken)
    {
        var wanted = await RequestBody.ReadAsync<OrganizationPackageSettingsChange>(request, Resource, CheckAllowed, cancellationToken);
        var allowed = wanted.AllowedVisibilities;
        var row = await UpdateAsync(
            db,
            access,
            session => audit.RecordAsync(
                session, caller.Actor,
                AuditEntry.In(access.Organization, "org.update_package_settings") with
                {
                    New = JsonSerializer.Serialize(wanted, BerthJson.Wire.Of<OrganizationPackageSettingsChange>()),
                }),
            new OrganizationChange
            {
                MembersCanCreatePublicPackages = wanted.MembersCanCreatePublicPackages,
                MembersCanCreateInternalPackages = wanted.MembersCanCreateInternalPackages,
                MembersCanCreatePrivatePackages = wanted.MembersCanCreatePrivatePackages,
                WorkflowsCanCreatePackages = wanted.WorkflowsCanCreatePackages,
                PublicPackagesAllowed = allowed?.Contains("public"),
                InternalPackagesAllowed = allowed?.Contains("internal"),
                InheritAccessOnLink = wanted.InheritAccessOnLink,
                FirstPublishVisibility = wanted.FirstPublishVisibility,
                TokenMaxDays = wanted.PersonalTokenMaxDays,
                UnrestrictedTokensAllowed = wanted.UnrestrictedPersonalTokensAllowed,
            },
            time,
            cancellationToken);
        return ApiResult.Ok(row.ToPackageSettings());
    }

    /// <summary>Private must be allowed, since visibilities that are not allowed become private.</summary>
    private static void CheckAllowed(OrganizationPackageSettingsChange wanted, BodyFaults faults)
    {
        if (wanted.AllowedVisibilities is { } allowed
            && (!allowed.Contains("private") || allowed.Any(v => v is not ("public" or "internal" or "private"))))
        {
            faults.Add("allowed_visibilities", "allowed_visibilities must be private and, if wanted, internal and public");
        }
    }

    private static async Task<OrganizationRow> UpdateAsync(
        Db db, OrganizationAccess access, Func<DbSession, Task> record, OrganizationChange change, TimeProvider time,
        CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        return await db.WriteAsync(
            async session =>
            {
                await OrganizationTable.ChangeAsync(session, access.Organization.Id, change, now);
                await record(session);
                return await OrganizationTable.FindAsync(session, access.Organization.Id) ?? throw new ApiException(Errors.NotFound);
            },
            cancellationToken);
    }

    private static async Task<IResult> OwnAsync(
        HttpContext http, ApiCaller caller, Paging paging, Db db, ApiUrls urls, CancellationToken cancellationToken)
    {
        var rows = await db.ReadAsync(session => OrganizationTable.OfUserAsync(session, caller.User.UserId), cancellationToken);
        return ApiResult.Page(http, paging, paging.Of(rows).Select(row => row.ToWire(urls)));
    }

    /// <summary>
    /// Only fellow members may see memberships. So for another user these are the organizations that the caller shares with them.
    /// </summary>
    private static async Task<IResult> OfUserAsync(
        string username, HttpContext http, ApiCaller caller, Paging paging, Db db, ApiUrls urls, CancellationToken cancellationToken)
    {
        var rows = await db.ReadAsync<List<AccountRow>?>(
            async session =>
            {
                if (await AccountTable.FindUserAsync(session, username) is not { } user)
                {
                    return null;
                }

                var own = caller.UserOrNull is { } me
                    ? (await OrganizationTable.OfUserAsync(session, me.UserId)).ConvertAll(row => row.Id)
                    : [];
                return (await OrganizationTable.OfUserAsync(session, user.Id)).FindAll(row => own.Contains(row.Id));
            },
            cancellationToken);
        return rows is null
            ? ApiErrors.Hidden(caller.Principal)
            : ApiResult.Page(http, paging, paging.Of(rows).Select(row => row.ToWire(urls)));
    }
}
