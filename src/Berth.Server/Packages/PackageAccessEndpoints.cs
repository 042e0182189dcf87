using Berth.Client.Wire;
using Berth.Server.Access;
using Berth.Server.Api;
using Berth.Server.Api.Bodies;
using Berth.Server.Api.Description;
using Berth.Server.Database;
using Berth.Server.Http;
using Berth.Server.Packages.Changes;

namespace Berth.Server.Packages;

/// <summary>The routes for access to a package: grants to people and teams, and the Actions and Codespaces lists.</summary>
internal static class PackageAccessEndpoints
{
    private const string Resource = ChangeGrants.Resource;

    /// <param name="owner"><c>/orgs/{org}</c>, <c>/users/{username}</c> or <c>/user</c>.</param>
    public static void MapPackageAccess(this IEndpointRouteBuilder api, string owner)
    {
        var access = owner + "/packages/{type}/{name}/access";
        api.MapRead(access, ListAsync).Requires(ApiNeed.PackageAdministratorReading, "read:packages")
            .Does("List everything that gives access to a package").Gives<PackageAccessList>();
        api.MapPut(access + "/users/{login}", SetUserAsync).Requires(ApiNeed.PackageAdministrator, "write:packages")
            .Does("Give a user a role on a package").Takes<GrantedRole>().GivesNothing();
        api.MapDelete(access + "/users/{login}", RemoveUserAsync).Requires(ApiNeed.PackageAdministrator, "write:packages")
            .Does("Take a user's role on a package").GivesNothing();
        api.MapPut(access + "/teams/{team_slug}", SetTeamAsync).Requires(ApiNeed.PackageAdministrator, "write:packages")
            .Does("Give a team a role on a package").Takes<GrantedRole>().GivesNothing();
        api.MapDelete(access + "/teams/{team_slug}", RemoveTeamAsync).Requires(ApiNeed.PackageAdministrator, "write:packages")
            .Does("Take a team's role on a package").GivesNothing();
        api.MapPut(access + "/actions/{owner}/{repo}", SetActionsAsync).Requires(ApiNeed.PackageAdministrator, "write:packages")
            .Does("Give the workflows of a repository a role on a package").Takes<GrantedRole>().GivesNothing();
        api.MapDelete(access + "/actions/{owner}/{repo}", RemoveActionsAsync).Requires(ApiNeed.PackageAdministrator, "write:packages")
            .Does("Take the role of a repository's workflows on a package").GivesNothing();
        api.MapPut(access + "/codespaces/{owner}/{repo}", SetCodespacesAsync).Requires(ApiNeed.PackageAdministrator, "write:packages")
            .Does("Let the codespaces of a repository pull a package").GivesNothing();
        api.MapDelete(access + "/codespaces/{owner}/{repo}", RemoveCodespacesAsync)
            .Requires(ApiNeed.PackageAdministrator, "write:packages")
            .Does("Let the codespaces of a repository no longer pull a package").GivesNothing();
    }

    private static async Task<IResult> ListAsync(PackageAccess access, Db db, CancellationToken cancellationToken)
    {
        var facts = access.Facts;
        return ApiResult.Ok(await db.ReadAsync(
            async session => new PackageAccessList
            {
                Package = facts.Address.ToString(),
                Visibility = facts.Visibility.Name(),
                Repository = facts.Linked?.FullName,
                InheritsAccess = facts.Inherits,
                Implied = Implied(facts),
                Inherited = facts is { Inherits: true, Linked: { } linked }
                    ? Inherited(await PackageAccessTable.NamedRolesAsync(session, linked), linked)
                    : [],
                Users = Entries(await PackageAccessTable.UsersAsync(session, access.Id)),
                Teams = Entries(await PackageAccessTable.TeamsAsync(session, access.Id)),
                Actions = Entries(await PackageAccessTable.ActionsAsync(session, access.Id)),
                Codespaces = Entries(await PackageAccessTable.CodespacesAsync(session, access.Id)),
            },
            cancellationToken));
    }

    private static List<AccessEntry> Implied(PackageFacts facts)
    {
        var owner = facts.Owner!;
        List<AccessEntry> implied =
        [
            owner.IsOrganization
                ? new($"owners of {owner.Login}", "admin", "organization owners")
                : new(owner.Login, "admin", "owns the package"),
        ];
        if (facts.Visibility == Visibility.Internal)
        {
            implied.Add(new AccessEntry($"members of {owner.Login}", "read", "internal"));
        }
        else if (facts.Visibility == Visibility.Public)
        {
            implied.Add(new AccessEntry("everyone", "read", "public"));
        }

        return implied;
    }

    private static List<AccessEntry> Inherited(List<AccessRow> named, RepositoryFacts repository) =>
    [
        .. named.Select(
            row => new AccessEntry(
                row.Name, RoleNames.OfRepository(row.Role).Name(), $"{row.Source} with {row.Role} on {repository.FullName}")),
        new AccessEntry($"workflows of {repository.FullName}", "write", "linked and inheriting; the token's own permission caps it"),
        new AccessEntry(
            $"codespaces of {repository.FullName}", "read", "linked and inheriting, while the repository is no more open than the package"),
    ];

    private static List<AccessEntry> Entries(List<AccessRow> rows) =>
        rows.ConvertAll(row => new AccessEntry(row.Name, row.Role, row.Source));

    private static async Task<IResult> SetUserAsync(
        string login, HttpRequest request, ApiCaller caller, PackageAccess access, ChangeGrants grants, CancellationToken cancellationToken)
    {
        await grants.SetUserAsync(caller, access, login, await RoleAsync(request, cancellationToken), cancellationToken);
        return ApiResult.NoContent();
    }

    private static async Task<IResult> RemoveUserAsync(
        string login, ApiCaller caller, PackageAccess access, ChangeGrants grants, CancellationToken cancellationToken)
    {
        await grants.RemoveUserAsync(caller, access, login, cancellationToken);
        return ApiResult.NoContent();
    }

    private static async Task<IResult> SetTeamAsync(
        string team_slug, HttpRequest request, ApiCaller caller, PackageAccess access, ChangeGrants grants,
        CancellationToken cancellationToken)
    {
        await grants.SetTeamAsync(caller, access, team_slug, await RoleAsync(request, cancellationToken), cancellationToken);
        return ApiResult.NoContent();
    }

    private static async Task<IResult> RemoveTeamAsync(
        string team_slug, ApiCaller caller, PackageAccess access, ChangeGrants grants, CancellationToken cancellationToken)
    {
        await grants.RemoveTeamAsync(caller, access, team_slug, cancellationToken);
        return ApiResult.NoContent();
    }

    private static async Task<IResult> SetActionsAsync(
        string owner, string repo, HttpRequest request, ApiCaller caller, PackageAccess access, Db db, TimeProvider time,
        CancellationToken cancellationToken)
    {
        var role = await RoleAsync(request, cancellationToken);
        return await OnListAsync(
            db, caller, time, owner, repo,
            (changes, repository) => changes.SetActionsAsync(access.Id, repository.Id, repository.FullName, role), cancellationToken);
    }

    private static Task<IResult> RemoveActionsAsync(
        string owner, string repo, ApiCaller caller, PackageAccess access, Db db, TimeProvider time, CancellationToken cancellationToken) =>
        OffListAsync(
            db, caller, time, owner, repo,
            (changes, repository) => changes.RemoveActionsAsync(access.Id, repository.Id, repository.FullName), "Actions",
            cancellationToken);

    private static Task<IResult> SetCodespacesAsync(
        string owner, string repo, ApiCaller caller, PackageAccess access, Db db, TimeProvider time, CancellationToken cancellationToken) =>
        OnListAsync(
            db, caller, time, owner, repo,
            (changes, repository) => changes.SetCodespacesAsync(access.Id, repository.Id, repository.FullName), cancellationToken);

    private static Task<IResult> RemoveCodespacesAsync(
        string owner, string repo, ApiCaller caller, PackageAccess access, Db db, TimeProvider time, CancellationToken cancellationToken) =>
        OffListAsync(
            db, caller, time, owner, repo,
            (changes, repository) => changes.RemoveCodespacesAsync(access.Id, repository.Id, repository.FullName), "Codespaces",
            cancellationToken);

    private static async Task<Role> RoleAsync(HttpRequest request, CancellationToken cancellationToken)
    {
        var grant = await RequestBody.ReadAsync<GrantedRole>(request, Resource, cancellationToken);
        return RoleNames.TryParse(grant.Role, out var parsed)
            ? parsed
            : throw new InvalidOperationException("a role that is none of those asked for");
    }

    /// <summary>A caller who cannot read a repository cannot name it, since the answer would reveal that it exists.</summary>
    private static async Task<IResult> OnListAsync(
        Db db, ApiCaller caller, TimeProvider time, string owner, string repo, Func<PackageChanges, RepositoryFacts, Task> change,
        CancellationToken cancellationToken)
    {
        var error = await db.WriteAsync(
            async session =>
            {
                if (await AccessDecisions.RepositoryAsync(session, caller.User.UserId, owner, repo) is not { } on
                    || !AccessRules.MayRead(on.Standing))
                {
                    return ApiErrors.Unprocessable(Resource, "repository", $"there is no repository {owner}/{repo} that you can read");
                }

                await change(new PackageChanges(session, caller.Actor, time.GetUtcNow()), on.Repository);
                return null;
            },
            cancellationToken);
        return error is null ? ApiResult.NoContent() : error;
    }

    private static async Task<IResult> OffListAsync(
        Db db, ApiCaller caller, TimeProvider time, string owner, string repo, Func<PackageChanges, RepositoryFacts, Task<bool>> change,
        string list, CancellationToken cancellationToken)
    {
        var removed = await db.WriteAsync(
            async session => await AccessDecisions.RepositoryAsync(session, null, owner, repo) is { } on
                && await change(new PackageChanges(session, caller.Actor, time.GetUtcNow()), on.Repository),
            cancellationToken);
        return removed ? ApiResult.NoContent() : Errors.NotFound.With($"{owner}/{repo} is not on the {list} list");
    }
}
