using Berth.Client.Wire;
using Berth.Server.Access;
using Berth.Server.Api;
using Berth.Server.Database;
using Berth.Server.Repositories;

namespace Berth.Server.Packages;

/// <summary>Reads packages as a caller may see them, singly and in lists. The same rules decide for lists and for requests.</summary>
internal sealed class ReadPackages(Db db, ApiUrls urls)
{
    public Task<Package?> OneAsync(Principal principal, PackageFacts facts, CancellationToken cancellationToken) =>
        db.ReadAsync(session => OneAsync(session, principal, facts), cancellationToken);

    public async Task<Package?> OneAsync(DbSession session, Principal principal, PackageFacts facts) =>
        facts.PackageId is { } id && await PackageTable.FindAsync(session, id) is { } row
            ? row.ToWire(await VisibleLinkAsync(session, principal, facts), urls)
            : null;

    /// <summary>Reads the facts for the whole list at once, not for each package.</summary>
    public async Task<List<Package>> ListAsync(
        UserPrincipal user, PersonInNamespace person, string type, string? visibility, CancellationToken cancellationToken) =>
        await db.ReadAsync(
            async session =>
            {
                var rows = await PackageTable.OfOwnerAsync(session, person.Owner.Id, type, visibility);
                var facts = await AccessDecisions.LoadAsync(session, user, rows.Select(row => row.Id));
                var linked = await RepositoryTable.FindAsync(session, [.. rows.Select(row => row.RepositoryId).OfType<long>().Distinct()]);
                List<Package> visible = [];
                foreach (var row in rows)
                {
                    if (facts.TryGetValue(row.Id, out var package) && AccessRules.Decide(user, PackageAction.Pull, package).Allowed)
                    {
                        var link = MaySee(user, package) ? linked.GetValueOrDefault(row.RepositoryId ?? 0) : null;
                        visible.Add(row.ToWire(link, urls));
                    }
                }

                return visible;
            },
            cancellationToken);

    private static async Task<RepositoryRow?> VisibleLinkAsync(DbSession session, Principal principal, PackageFacts facts) =>
        facts.Linked is { } linked && MaySee(principal, facts) ? await RepositoryTable.FindAsync(session, linked.Id) : null;

    /// <summary>
    /// Whether the caller may see the linked repository. A package may be visible to people who may not see its repository.
    /// </summary>
    private static bool MaySee(Principal principal, PackageFacts facts) => facts.Linked is not null
        && (facts.Linked.Openness == Visibility.Public
            || (principal is UserPrincipal && AccessRules.MayRead(facts.OnLinked))
            || (principal is WorkflowPrincipal && facts.LinkedToActing));
}
