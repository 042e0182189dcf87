using Berth.Server.Access;
using Berth.Server.Accounts;
using Berth.Server.Api;
using Berth.Server.Database;
using Berth.Server.Http;
using Berth.Server.Organizations;
using Berth.Server.Packages.Changes;

namespace Berth.Server.Packages;

/// <summary>
/// Grants a package to people and teams, and removes grants, for every client. Grants cannot be changed while the package inherits access.
/// The caller's right is checked before. What cannot be done is thrown as the API's answer.
/// </summary>
internal sealed class ChangeGrants(Db db, TimeProvider time)
{
    public const string Resource = "PackageAccess";

    public Task SetUserAsync(ApiCaller caller, PackageAccess access, string login, Role role, CancellationToken cancellationToken) =>
        ChangeAsync(caller, access, async (session, changes) =>
        {
            if (await AccountTable.FindUserAsync(session, login) is not { } user)
            {
                throw new ApiException(Errors.NotFound.With($"there is no user {login}"));
            }

            await changes.SetUserAsync(access.Id, user.Id, user.Login, role);
        }, cancellationToken);

    public Task RemoveUserAsync(ApiCaller caller, PackageAccess access, string login, CancellationToken cancellationToken) =>
        ChangeAsync(caller, access, async (session, changes) =>
        {
            if (await AccountTable.FindUserAsync(session, login) is not { } user
                || !await changes.RemoveUserAsync(access.Id, user.Id, user.Login))
            {
                throw new ApiException(Errors.NotFound.With($"{login} has no grant of their own on {access.Address}"));
            }
        }, cancellationToken);

    public Task SetTeamAsync(ApiCaller caller, PackageAccess access, string slug, Role role, CancellationToken cancellationToken)
    {
        if (access.Facts.Owner is not { IsOrganization: true } owner)
        {
            throw new ApiException(
                ApiErrors.Unprocessable(Resource, "team", "a package of a user has no teams; grant it to people"));
        }

        return ChangeAsync(caller, access, async (session, changes) =>
        {
            if (await TeamTable.FindAsync(session, owner.Id, slug) is not { } team)
            {
                throw new ApiException(Errors.NotFound.With($"{owner.Login} has no team {slug}"));
            }

            await changes.SetTeamAsync(access.Id, team.Id, team.Slug, role);
        }, cancellationToken);
    }

    public Task RemoveTeamAsync(ApiCaller caller, PackageAccess access, string slug, CancellationToken cancellationToken) =>
        ChangeAsync(caller, access, async (session, changes) =>
        {
            if (await TeamTable.FindAsync(session, access.Facts.Owner!.Id, slug) is not { } team
                || !await changes.RemoveTeamAsync(access.Id, team.Id, team.Slug))
            {
                throw new ApiException(Errors.NotFound.With($"the team {slug} has no grant on {access.Address}"));
            }
        }, cancellationToken);

    private Task ChangeAsync(
        ApiCaller caller, PackageAccess access, Func<DbSession, PackageChanges, Task> change, CancellationToken cancellationToken) =>
        db.WriteAsync(
            async session =>
            {
                var package = await PackageTable.FindAsync(session, access.Id) ?? throw new ApiException(Errors.NotFound);
                if (package.InheritsAccess)
                {
                    throw new ApiException(Locked(access));
                }

                await change(session, new PackageChanges(session, caller.Actor, time.GetUtcNow()));
            },
            cancellationToken);

    private static ApiError Locked(PackageAccess access)
    {
        var repository = access.Facts.Linked?.FullName ?? "its repository";
        var error = ApiErrors.Unprocessable(
            Resource, "inherit_access",
            $"{access.Address} inherits its access from {repository}: give the role there, or switch inheritance off");
        return error with
        {
            Remedy = $"berth package inherit {access.Facts.Owner!.Login}/{access.Address.Name}{PackageCommand.Type(access.Address)} off",
        };
    }
}

/// <summary>Formats the words of the command line that name a package.</summary>
internal static class PackageCommand
{
    public static string Type(PackageAddress address) => address.Type == PackageAddress.Npm ? " --type npm" : "";
}
