using Berth.Client.Wire;
using Berth.Server.Access;
using Berth.Server.Api;
using Berth.Server.Database;
using Berth.Server.Repositories;

namespace Berth.Server.Packages;

/// <summary>
/// Packages as a caller may see them: one by one and in lists. The same rules decide what a list shows and what a request gets.
/// </summary>
internal sealed class ReadPackages(Db db, ApiUrls urls)
{
    public Task<Package?> OneAsync(Principal principal, PackageFacts facts, CancellationToken cancellationToken) =>
        db.ReadAsync(session => OneAsync(session, principal, facts), cancellationToken);

    public async Task<Package?> OneAsync(DbSession session, Principal principal, PackageFacts facts) =>
        facts.PackageId is { } id && await PackageTable.FindAsync(session, id) is { } row
            ? row.ToWire(await VisibleLinkAsync(session, principal, facts), urls)
            : null;

    /// <summary>Facts are read for the whole list at once, not package by package.</summary>
    public async Task<List<Package>> ListAsync(
        UserPrincipal user, PersonInNamespace person, string type, string? visibility, CancellationToken cancellationToken) =>
        await db.ReadAsync(
            async session =>
            {
                var owner = person.Owner;
                var rows = await PackageTable.OfOwnerAsync(session, owner.Id, type, visibility);
                var grants = (await PackageTable.GrantsAsync(session, owner.Id, user.UserId)).ToLookup(grant => grant.PackageId);
                long[] links = [.. rows.Select(row => row.RepositoryId).OfType<long>().Distinct()];
                var on = await AccessDecisions.RepositoriesAsync(session, user.UserId, links);
                var linked = await RepositoryTable.FindAsync(session, links);
                List<Package> visible = [];
                foreach (var row in rows)
                {
                    var link = linked.GetValueOrDefault(row.RepositoryId ?? 0);
                    var facts = new PackageFacts
                    {
                        Address = row.Address,
                        Owner = owner,
                        PackageId = row.Id,
                        Visibility = VisibilityNames.Parse(row.Visibility),
                        Inherits = row.InheritsAccess,
                        Linked = link?.Facts,
                        OnLinked = link is null ? RepositoryStanding.Nobody : on[link.Id].Standing,
                        UserOwnsNamespace = AccessRules.Owns(person),
                        UserIsMember = AccessRules.IsMember(person),
                        Grants = [.. grants[row.Id].Select(grant => new RoleSource { Source = grant.Source, Role = grant.Role })],
                    };
                    if (AccessRules.Decide(user, PackageAction.Pull, facts).Allowed)
                    {
                        visible.Add(row.ToWire(MaySee(user, facts) ? link : null, urls));
                    }
                }

                return visible;
            },
            cancellationToken);

    private static async Task<RepositoryRow?> VisibleLinkAsync(DbSession session, Principal principal, PackageFacts facts) =>
        facts.Linked is { } linked && MaySee(principal, facts) ? await RepositoryTable.FindAsync(session, linked.Id) : null;

    /// <summary>A package may be seen by people who may not see its repository.</summary>
    private static bool MaySee(Principal principal, PackageFacts facts) => facts.Linked is not null
        && (facts.Linked.Openness == Visibility.Public
            || (principal is UserPrincipal && AccessRules.MayRead(facts.OnLinked))
            || (principal is WorkflowPrincipal && facts.LinkedToActing));
}
