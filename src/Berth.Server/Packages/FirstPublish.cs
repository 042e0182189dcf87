using Berth.Server.Access;
using Berth.Server.Database;
using Berth.Server.Http;
using Berth.Server.Packages.Changes;
using Berth.Server.Packages.Content;

namespace Berth.Server.Packages;

/// <summary>
/// Makes sure that there is a live package when a version is published, in the same transaction. A package is created with its link,
/// visibility and grants, or not at all. Both registries call this.
/// </summary>
internal sealed class FirstPublish(SourceLabel label, RetentionOptions options)
{
    private const string Denied = "DENIED";

    /// <summary>Returns the id of the live package.</summary>
    /// <param name="principal">The publisher. The rights are asked again here, since one may have been lost after the request was let
    /// in.</param>
    /// <param name="sources">The values of <c>org.opencontainers.image.source</c> (npm: <c>repository</c>), the most important
    /// first.</param>
    /// <param name="wish">The visibility that the publisher asks for a new package. It counts only if it opens nothing that the rules keep
    /// closed.</param>
    /// <exception cref="ApiException">403 <c>DENIED</c>: the principal may not publish here.</exception>
    public async Task<long> EnsureAsync(
        DbSession session, PackageChanges changes, Principal principal, PackageAddress address, IReadOnlyList<string> sources,
        DateTimeOffset now, Visibility? wish = null)
    {
        var facts = await AccessDecisions.LoadAsync(session, principal, address);
        Demand(principal, facts);
        if (!facts.Exists)
        {
            if (await CreateAsync(session, changes, principal, facts, sources, wish) is { } born)
            {
                await PendingPackages.MergeAsync(session, principal, facts, born, now);
                await KeepWordAsync(session, principal, facts, born, now);
                return born;
            }

            // Somebody else's first manifest came a moment earlier, so this is a push to an existing package.
            facts = await AccessDecisions.LoadAsync(session, principal, address);
            Demand(principal, facts);
        }

        var id = facts.PackageId!.Value;
        // This write comes first, so that publishes to one package run one after another, and none waits for another while it holds rows
        // that the other needs.
        await changes.TouchAsync(id);
        await PendingPackages.MergeAsync(session, principal, facts, id, now);
        await LinkLaterAsync(session, changes, principal, facts, sources);
        return id;
    }

    private static void Demand(Principal principal, PackageFacts facts)
    {
        var decision = AccessRules.Decide(principal, PackageAction.Push, facts);
        if (!decision.Allowed)
        {
            throw new ApiException(
                new ApiError(403, Denied, $"publishing {facts.Address} is denied: {principal.Describe()}; {decision.Deciding}")
                {
                    Remedy = decision.Remedy,
                });
        }
    }

    private async Task<long?> CreateAsync(
        DbSession session, PackageChanges changes, Principal principal, PackageFacts facts, IReadOnlyList<string> sources, Visibility? wish)
    {
        var owner = facts.Owner!;
        var workflow = principal is WorkflowPrincipal;
        var link = workflow ? facts.Acting : await label.FindAsync(session, principal, owner, sources);
        return await changes.CreateAsync(
            principal,
            owner,
            facts.Address,
            new PackageSettings(
                workflow ? ForWorkflow(owner, facts.Acting!, wish) : ForPerson(principal, facts, wish), link,
                Inherits: workflow || (link is not null && owner.InheritAccessOnLink)));
    }

    /// <summary>
    /// Keeps the layers of a package of this name that was deleted a moment ago. Somebody who pushes to it may have been told that it has a
    /// layer, and the manifest that follows may name the layer. Only those who could push to that package get this, since its content was
    /// not for everybody.
    /// </summary>
    private async Task KeepWordAsync(DbSession session, Principal principal, PackageFacts facts, long born, DateTimeOffset now)
    {
        var since = now - TimeSpan.FromHours(options.BlobGraceHours);
        if (await PackageTable.DeletedAsync(session, facts.Owner!.Id, facts.Address, since) is { } deleted
            && AccessRules.Decide(
                principal, PackageAction.Push, await AccessDecisions.LoadAsync(session, principal, facts.Address, deleted)).Allowed)
        {
            await BlobLinkTable.CopyHiddenAsync(session, deleted, born, since);
        }
    }

    /// <summary>The package is private, unless the person asks for another visibility and may create such packages here.</summary>
    private static Visibility ForPerson(Principal principal, PackageFacts facts, Visibility? wish) =>
        wish is { } wanted && facts.Owner!.Clamp(wanted) == wanted
            && AccessRules.Decide(principal, PackageAction.Push, facts, wanted).Allowed
            ? wanted
            : Visibility.Private;

    /// <summary>
    /// The package gets the repository's visibility, or the less open one that the organization or the publisher asks for. A visibility
    /// that is not allowed becomes private.
    /// </summary>
    private static Visibility ForWorkflow(OwnerFacts owner, RepositoryFacts repository, Visibility? wish)
    {
        var wanted = owner.FirstPublishVisibility switch
        {
            "internal" => repository.Openness < Visibility.Internal ? repository.Openness : Visibility.Internal,
            "private" => Visibility.Private,
            _ => repository.Openness,
        };
        return owner.Clamp(wish < wanted ? wish.Value : wanted);
    }

    /// <summary>
    /// Links a package that never had a link, as the pushed version asks. Grants stay as they are, and inheritance stays off.
    /// </summary>
    private async Task LinkLaterAsync(
        DbSession session, PackageChanges changes, Principal principal, PackageFacts facts, IReadOnlyList<string> sources)
    {
        if (sources.Count > 0 && facts.Linked is null && await label.FindAsync(session, principal, facts.Owner!, sources) is { } link)
        {
            await changes.LinkByLabelAsync(facts.PackageId!.Value, link);
        }
    }
}
