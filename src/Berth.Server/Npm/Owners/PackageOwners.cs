using Berth.Server.Access;
using Berth.Server.Accounts;
using Berth.Server.Api;
using Berth.Server.Database;
using Berth.Server.Faults;
using Berth.Server.Http;
using Berth.Server.Json;
using Berth.Server.Npm.Authorization;
using Berth.Server.Packages;

namespace Berth.Server.Npm.Owners;

/// <summary>
/// <c>npm owner</c>: the account that the package belongs to, and the people with a grant of admin. npm reads them as maintainers in a
/// packument and sends the list back with one more or less. So for this command there is a separate packument, for those who manage the
/// package, since others may not see the grants. The grants are changed by the same code as in the REST API.
/// </summary>
internal sealed class PackageOwners(Db db, ChangeGrants grants)
{
    /// <summary>npm says which command it runs.</summary>
    public static bool Asks(HttpRequest request) => request.Headers["npm-command"] == "owner";

    /// <summary>The account comes first. Null for callers who do not manage the package.</summary>
    public async Task<IReadOnlyList<string>?> FindAsync(NpmAccess access, CancellationToken cancellationToken)
    {
        if (access.PackageId is not { } id || !Decide(access).Allowed)
        {
            return null;
        }

        var users = await db.ReadAsync(session => PackageAccessTable.UsersAsync(session, id), cancellationToken);
        var owner = access.Facts.Owner!.Login;

        // The first publisher is granted admin, even in their own namespace.
        return [owner, .. users.Where(user => user.Role == "admin" && user.Name != owner).Select(user => user.Name)];
    }

    public static IResult Document(NpmAccess access, string revision, IReadOnlyList<string> people) => Results.Json(
        new NpmOwned(
            access.Address.ToString(), revision, access.Address.ToString(), [.. people.Select(login => new NpmMaintainer(login, ""))]),
        NpmJson.Default.NpmOwned);

    /// <summary>Changes the people to those in the body. New ones are granted admin, and missing ones lose it.</summary>
    /// <exception cref="ApiException">The change is not allowed, or not possible.</exception>
    public async Task ReplaceAsync(HttpRequest request, NpmAccess access, CancellationToken cancellationToken)
    {
        var current = await FindAsync(access, cancellationToken)
            ?? throw new ApiException(NpmErrors.Refused(access.Principal, PackageAction.Manage, access.Facts, Decide(access)));
        var body = await NpmBody.ReadAsync(request, cancellationToken);
        var wanted = body.ListOf("maintainers").Select(one => one.TextOf("name")).OfType<string>()
            .ToHashSet(StringComparer.OrdinalIgnoreCase);
        if (!wanted.Contains(current[0]))
        {
            throw new ApiException(NpmErrors.Bad($"{access.Address} belongs to {current[0]} by its name, who stays its owner"));
        }

        var caller = new ApiCaller(access.Principal, access.Actor);
        var package = new PackageAccess(access.Facts);
        foreach (var login in current.Where(login => !wanted.Contains(login)))
        {
            await grants.RemoveUserAsync(caller, package, login, cancellationToken);
        }

        foreach (var login in wanted.Except(current, StringComparer.OrdinalIgnoreCase))
        {
            if (Login.Fault(login) is not null)
            {
                throw new ApiException(NpmErrors.NotFound.Saying($"there is no user {Shown.Quoted(login)}"));
            }

            await grants.SetUserAsync(caller, package, login, Role.Admin, cancellationToken);
        }
    }

    private static Decision Decide(NpmAccess access) => AccessRules.Decide(access.Principal, PackageAction.Manage, access.Facts);
}
