using Berth.Client.Wire;
using Berth.Server.Access;
using Berth.Server.Accounts;
using Berth.Server.Api;
using Berth.Server.Api.Bodies;
using Berth.Server.Api.Description;
using Berth.Server.Audit;
using Berth.Server.Database;
using Berth.Server.Http;

namespace Berth.Server.Codespaces;

/// <summary>An organization's say in who may have codespaces of its repositories. GitHub's, and a GET that GitHub lacks.</summary>
internal static class CodespaceAccessEndpoints
{
    private const string Scope = "admin:org";
    private const string Resource = "CodespacesAccess";
    private const int MostSelected = 100;

    /// <summary>As at GitHub, only one of the visibilities has a list of users.</summary>
    private static readonly ApiError NotSelected = ApiErrors.Unprocessable(
        Resource, "visibility", "only with visibility selected_members is there a list of users");

    // https://docs.github.com/rest/codespaces/organizations
    public static void MapCodespaceAccess(this IEndpointRouteBuilder api)
    {
        const string Access = "/orgs/{org}/codespaces/access";
        api.MapRead(Access, GetAsync).Requires(ApiNeed.OrganizationOwner, Scope)
            .Does("Get who may have codespaces of an organization's repositories").Gives<CodespacesAccess>();
        api.MapPut(Access, SetAsync).Requires(ApiNeed.OrganizationOwner, Scope)
            .Does("Set who may have codespaces of an organization's repositories").Takes<CodespacesAccess>().GivesNothing();
        api.MapPost(Access + "/selected_users", AddAsync).Requires(ApiNeed.OrganizationOwner, Scope)
            .Does("Select members who may have codespaces").Takes<SelectedUsers>().GivesNothing();
        api.MapDelete(Access + "/selected_users", RemoveAsync).Requires(ApiNeed.OrganizationOwner, Scope)
            .Does("Select members no longer").Takes<SelectedUsers>().GivesNothing();
    }

    private static async Task<IResult> GetAsync(OrganizationAccess access, Db db, CancellationToken cancellationToken)
    {
        var id = access.Organization.Id;
        return ApiResult.Ok(await db.ReadAsync(
            async session => new CodespacesAccess
            {
                Visibility = (await CodespaceAccessTable.OfAsync(session, id)).Name(),
                SelectedUsernames = await CodespaceAccessTable.SelectedAsync(session, id),
            },
            cancellationToken));
    }

    private static async Task<IResult> SetAsync(
        HttpRequest request, ApiCaller caller, OrganizationAccess access, Db db, AuditLog audit, CancellationToken cancellationToken)
    {
        var wanted = await RequestBody.ReadAsync<CodespacesAccess>(
            request,
            Resource,
            (body, faults) =>
            {
                CheckCount(body.SelectedUsernames, faults);
                if (body is { SelectedUsernames.Count: > 0, Visibility: not (null or "selected_members") })
                {
                    faults.Add("selected_usernames", "users can be selected only with visibility selected_members");
                }
            },
            cancellationToken);
        var logins = wanted.SelectedUsernames;
        var id = access.Organization.Id;
        return await db.WriteAsync<IResult>(
            async session =>
            {
                var (users, fault) = await MembersAsync(session, access.Organization, logins ?? []);
                if (fault is not null)
                {
                    return fault;
                }

                await CodespaceAccessTable.SetAsync(session, id, CodespaceAccessNames.Parse(wanted.Visibility));
                if (logins is not null)
                {
                    await CodespaceAccessTable.UnselectAllAsync(session, id);
                    foreach (var user in users)
                    {
                        await CodespaceAccessTable.SelectAsync(session, id, user);
                    }
                }

                await audit.RecordAsync(session, caller.Actor, Entry(access, wanted.Visibility, "", logins));

                return ApiResult.NoContent();
            },
            cancellationToken);
    }

    private static Task<IResult> AddAsync(
        HttpRequest request, ApiCaller caller, OrganizationAccess access, Db db, AuditLog audit, CancellationToken cancellationToken) =>
        ChangeAsync(request, access, db, CodespaceAccessTable.SelectAsync, RecordAsync(audit, caller, access, "+"), cancellationToken);

    private static Task<IResult> RemoveAsync(
        HttpRequest request, ApiCaller caller, OrganizationAccess access, Db db, AuditLog audit, CancellationToken cancellationToken) =>
        ChangeAsync(request, access, db, CodespaceAccessTable.UnselectAsync, RecordAsync(audit, caller, access, "-"), cancellationToken);

    /// <param name="sign"><c>+</c> for added users, <c>-</c> for removed ones.</param>
    private static Func<DbSession, IReadOnlyList<string>, Task> RecordAsync(
        AuditLog audit, ApiCaller caller, OrganizationAccess access, string sign) => (session, logins) =>
            audit.RecordAsync(session, caller.Actor, Entry(access, CodespaceAccess.SelectedMembers.Name(), sign, logins));

    private static AuditEntry Entry(OrganizationAccess access, string? visibility, string sign, IReadOnlyList<string>? logins) =>
        AuditEntry.In(access.Organization, "org.codespaces_access_updated") with
        {
            New = string.Join(' ', (logins ?? []).Select(login => sign + login).Prepend(visibility)),
        };

    private static async Task<IResult> ChangeAsync(
        HttpRequest request, OrganizationAccess access, Db db, Func<DbSession, long, long, Task> change,
        Func<DbSession, IReadOnlyList<string>, Task> record, CancellationToken cancellationToken)
    {
        var wanted = await RequestBody.ReadAsync<SelectedUsers>(
            request, Resource, (body, faults) => CheckCount(body.SelectedUsernames, faults), cancellationToken);
        return await db.WriteAsync<IResult>(
            async session =>
            {
                if (await CodespaceAccessTable.OfAsync(session, access.Organization.Id) != CodespaceAccess.SelectedMembers)
                {
                    return NotSelected;
                }

                var (users, fault) = await MembersAsync(session, access.Organization, wanted.SelectedUsernames);
                if (fault is not null)
                {
                    return fault;
                }

                foreach (var user in users)
                {
                    await change(session, access.Organization.Id, user);
                }

                await record(session, wanted.SelectedUsernames);

                return ApiResult.NoContent();
            },
            cancellationToken);
    }

    private static void CheckCount(IReadOnlyList<string>? logins, BodyFaults faults)
    {
        if (logins is { Count: > MostSelected })
        {
            faults.Add("selected_usernames", $"at most {MostSelected} users can be named at once");
        }
    }

    private static async Task<(List<long> Users, ApiError? Fault)> MembersAsync(
        DbSession session, OwnerFacts organization, IReadOnlyList<string> logins)
    {
        List<long> users = [];
        List<string> strangers = [];
        foreach (var login in logins)
        {
            if (await AccountTable.FindUserAsync(session, login) is { } user
                && await AccessDecisions.NamespaceAsync(session, user.Id, organization.Login) is { } person && AccessRules.IsMember(person))
            {
                users.Add(user.Id);
            }
            else
            {
                strangers.Add(login);
            }
        }

        return (users, strangers.Count == 0 ? null
            : ApiErrors.Invalid(Resource, "selected_usernames", $"{string.Join(", ", strangers)}: no members of {organization.Login}"));
    }
}
