using Berth.Client.Wire;
using Berth.Server.Access;
using Berth.Server.Api;
using Berth.Server.Database;
using Berth.Server.Http;
using Berth.Server.Packages.Changes;
using Berth.Server.Repositories;

namespace Berth.Server.Packages;

/// <summary>
/// Creates packages and changes visibility, link and inheritance. It reads the facts again in the transaction, so that a right that was
/// lost since the request was let in does not count.
/// </summary>
internal sealed class ChangePackage(Db db, ReadPackages packages, TimeProvider time)
{
    private const string Resource = "Package";

    public Task<Package> CreateAsync(ApiCaller caller, PackageFacts proven, PackageRequest wanted, CancellationToken cancellationToken)
    {
        var principal = caller.Principal;
        var visibility = wanted.Visibility ?? Visibility.Private;
        var now = time.GetUtcNow();
        return db.WriteAsync(
            async session =>
            {
                var facts = await AccessDecisions.LoadAsync(session, principal, proven.Address);
                var decision = AccessRules.Decide(principal, PackageAction.Manage, facts, visibility);
                if (!decision.Allowed || principal is not UserPrincipal user)
                {
                    throw new ApiException(CreateRefused(principal, facts, decision));
                }

                CheckVisibility(facts, visibility, opens: false);
                var link = await LinkAsync(session, user, facts, wanted);
                var inherits = wanted.InheritAccess ?? false;
                DemandLink(link, inherits);
                var settings = new PackageSettings(visibility, link, inherits);
                if (await new PackageChanges(session, caller.Actor, now).CreateAsync(user, facts.Owner!, facts.Address, settings) is null)
                {
                    throw new ApiException(ApiErrors.Exists(Resource, "name", $"{facts.Address} was made a moment ago"));
                }

                return (await packages.OneAsync(session, principal, await AccessDecisions.LoadAsync(session, principal, facts.Address)))!;
            },
            cancellationToken);
    }

    public Task<Package> ChangeAsync(ApiCaller caller, PackageAddress address, PackageRequest wanted, CancellationToken cancellationToken)
    {
        var user = caller.User;
        var now = time.GetUtcNow();
        return db.WriteAsync(
            async session =>
            {
                var changes = new PackageChanges(session, caller.Actor, now);
                var facts = await AccessDecisions.LoadAsync(session, user, address);
                if (facts.PackageId is not { } id || !AccessRules.Decide(user, PackageAction.Manage, facts).Allowed)
                {
                    throw new ApiException(ApiErrors.Hidden(user));
                }

                var visibility = wanted.Visibility ?? facts.Visibility;
                if (visibility != facts.Visibility)
                {
                    CheckVisibility(facts, visibility, opens: visibility > facts.Visibility);
                }

                var link = wanted.NamesRepository ? await LinkAsync(session, user, facts, wanted) : facts.Linked;
                var moved = link?.Id != facts.Linked?.Id;

                // A new link brings no access by itself. Inheritance stays on only for the same repository, or when it is asked for.
                var inherits = wanted.InheritAccess ?? (facts.Inherits && !moved);
                DemandLink(link, inherits);
                await SwitchAsync(changes, id, facts, inherits, moved);
                var tightened = inherits && (!facts.Inherits || moved) && wanted.Visibility is null
                    ? facts.Owner!.Tighten(visibility, link!)
                    : visibility;
                await changes.SettleAsync(id, new(facts.Visibility, facts.Linked, facts.Inherits), new(tightened, link, inherits));
                var changed = (await packages.OneAsync(session, user, await AccessDecisions.LoadAsync(session, user, address)))!;
                return tightened == visibility
                    ? changed
                    : changed with { VisibilityTightened = Tightening(address, visibility, tightened) };
            },
            cancellationToken);
    }

    /// <summary>
    /// Switching off turns the repository's named roles into grants, and puts the repository on both lists. Switching on replaces the
    /// explicit grants.
    /// </summary>
    private static async Task SwitchAsync(PackageChanges changes, long id, PackageFacts facts, bool inherits, bool moved)
    {
        if (facts is { Inherits: true, Linked: not null } && !inherits)
        {
            await changes.CopyNamedRolesAsync(id, facts.Linked);
        }
        else if (inherits && (!facts.Inherits || moved))
        {
            await changes.RemoveGrantsAsync(id);
        }
    }

    private static VisibilityTightening Tightening(PackageAddress package, Visibility from, Visibility to) => new()
    {
        From = from.Name(),
        To = to.Name(),
        Command = ChangeRepository.EditCommand(package, from.Name()),
    };

    private static void DemandLink(RepositoryFacts? link, bool inherits)
    {
        if (inherits && link is null)
        {
            ApiErrors.Unprocessable(Resource, "inherit_access", "a package without a repository has no access to inherit; link it first")
                .Throw();
        }
    }

    /// <summary>
    /// Checks a visibility. Internal exists in organizations only, and their settings say which visibilities are allowed and which members
    /// may open a package.
    /// </summary>
    private static void CheckVisibility(PackageFacts facts, Visibility visibility, bool opens)
    {
        var owner = facts.Owner!;
        if (visibility == Visibility.Internal && !owner.IsOrganization)
        {
            ApiErrors.Invalid(Resource, "visibility", "internal is for packages of organizations").Throw();
        }

        if (owner.Clamp(visibility) != visibility)
        {
            ApiErrors.Unprocessable(Resource, "visibility", $"the settings of {owner.Login} do not allow {visibility.Name()} packages")
                .Throw();
        }

        if (opens && owner.IsOrganization && !facts.UserOwnsNamespace && !owner.MembersCanCreate(visibility))
        {
            throw new ApiException(
                ApiErrors.Unprocessable(
                    Resource, "visibility", $"the settings of {owner.Login} let only its owners make packages {visibility.Name()}")
                    with
                { Remedy = $"an owner can run: berth org settings {owner.Login} --members-can-create-{visibility.Name()}-packages true" });
        }
    }

    /// <summary>
    /// Finds the repository to link. It must have the same owner, and the caller must have a role there that may write, since a link is
    /// shown on the repository and may bring its access.
    /// </summary>
    private static async Task<RepositoryFacts?> LinkAsync(DbSession session, UserPrincipal user, PackageFacts facts, PackageRequest wanted)
    {
        if (!RepositoryNames.TrySplit(wanted.Repository, out var owner, out var name))
        {
            return null;
        }

        var repository = owner.Equals(facts.Owner!.Login, StringComparison.OrdinalIgnoreCase)
            ? await AccessDecisions.RepositoryAsync(session, user.UserId, owner, name)
            : null;
        if (repository is null || !AccessRules.MayWrite(repository.Standing))
        {
            ApiErrors.Invalid(
                Resource, "repository",
                $"a package is linked to a repository of {facts.Owner.Login} to which you may write; {wanted.Repository} is none")
                .Throw();
        }

        return repository!.Repository;
    }

    private static ApiError CreateRefused(Principal principal, PackageFacts facts, Decision decision) =>
        facts.Exists ? ApiErrors.Exists(Resource, "name", $"{facts.Address} was made a moment ago")
        : decision.MaySee || facts.UserIsMember || facts.UserOwnsNamespace
            ? ApiErrors.Forbidden(principal, decision.Reason ?? decision.Deciding) with { Remedy = decision.Remedy }
            : ApiErrors.Hidden(principal);
}
