using Berth.Server.Access;
using Berth.Server.Database;
using Berth.Server.Http;
using Berth.Server.Packages.Content;

namespace Berth.Server.Packages;

/// <summary>
/// Makes sure of a live package at the moment a version is published, in that version's transaction: a package is born with link, visibility and
/// grants settled, or not at all. Both registries call it.
/// </summary>
internal sealed class FirstPublish(SourceLabel label)
{
    private const string Denied = "DENIED";

    /// <summary>The id of the live package.</summary>
    /// <param name="session">The publishing transaction.</param>
    /// <param name="principal">Who publishes; asked again here, since a right may have gone since the request was let in.</param>
    /// <param name="address">What is published.</param>
    /// <param name="sources">The values of <c>org.opencontainers.image.source</c> (npm: <c>repository</c>), the most important first.</param>
    /// <param name="now">The time to store.</param>
    /// <exception cref="ApiException">403 <c>DENIED</c>: the principal may not publish here.</exception>
    public async Task<long> EnsureAsync(
        DbSession session, Principal principal, PackageAddress address, IReadOnlyList<string> sources, DateTimeOffset now)
    {
        var facts = await AccessDecisions.LoadAsync(session, principal, address);
        Demand(principal, facts);
        if (!facts.Exists)
        {
            if (await BearAsync(session, principal, facts, sources, now) is { } born)
            {
                await PendingPackages.MergeAsync(session, principal, facts, born, now);
                return born;
            }

            // Somebody else's first manifest was a moment earlier: this is a push to an existing package.
            facts = await AccessDecisions.LoadAsync(session, principal, address);
            Demand(principal, facts);
        }

        var id = facts.PackageId!.Value;
        // First of all writes: publishes to one package go one after another, and none waits for the next with rows that another needs.
        await session.ExecuteAsync("update packages set updated_at = @now where id = @id", new { id, now });
        await PendingPackages.MergeAsync(session, principal, facts, id, now);
        await LinkLaterAsync(session, principal, facts, sources, now);
        return id;
    }

    private static void Demand(Principal principal, PackageFacts facts)
    {
        var decision = AccessRules.Decide(principal, PackageAction.Push, facts);
        if (!decision.Allowed)
        {
            throw new ApiException(new ApiError(403, Denied, $"publishing {facts.Address} is denied: {principal.Describe()}; {decision.Deciding}")
            {
                Remedy = decision.Remedy,
            });
        }
    }

    private async Task<long?> BearAsync(
        DbSession session, Principal principal, PackageFacts facts, IReadOnlyList<string> sources, DateTimeOffset now)
    {
        var owner = facts.Owner!;
        var workflow = principal as WorkflowPrincipal;
        var link = workflow is not null ? facts.Acting : await label.FindAsync(session, principal, owner, sources);
        var id = await session.FirstOrDefaultAsync<long?>(
            """
            insert into packages (owner_id, type, name, state, visibility, repository_id, inherits_access, ever_linked, created_by, created_at, updated_at)
            values (@ownerId, @type, @name, 'live', @visibility, @repositoryId, @inherits, @linked, @createdBy, @now, @now)
            on conflict (owner_id, type, name) where state = 'live' do nothing
            returning id
            """,
            new
            {
                ownerId = owner.Id,
                type = facts.Address.Type,
                name = facts.Address.Name,
                visibility = (workflow is null ? Visibility.Private : ForWorkflow(owner, facts.Acting!)).Name(),
                repositoryId = link?.Id,
                inherits = workflow is not null || (link is not null && owner.InheritAccessOnLink),
                linked = link is not null,
                createdBy = principal.Key,
                now,
            });
        if (id is { } package)
        {
            await GrantAsync(session, principal, package);
        }

        return id;
    }

    /// <summary>The repository's visibility, or the less open one that the organization asks for; what it does not allow becomes private.</summary>
    private static Visibility ForWorkflow(OwnerFacts owner, RepositoryFacts repository)
    {
        var wanted = owner.FirstPublishVisibility switch
        {
            "internal" => repository.Openness < Visibility.Internal ? repository.Openness : Visibility.Internal,
            "private" => Visibility.Private,
            _ => repository.Openness,
        };
        return owner.Clamp(wanted);
    }

    /// <summary>The publisher's own: admin for a person, the Actions list for a workflow's repository.</summary>
    private static Task GrantAsync(DbSession session, Principal principal, long package) => principal switch
    {
        UserPrincipal user => session.ExecuteAsync(
            "insert into package_users (package_id, user_id, role) values (@package, @userId, 'admin')", new { package, userId = user.UserId }),
        WorkflowPrincipal workflow => session.ExecuteAsync(
            "insert into package_actions (package_id, repository_id, role) values (@package, @repositoryId, 'admin')",
            new { package, repositoryId = workflow.RepositoryId }),
        _ => Task.CompletedTask,
    };

    /// <summary>While a package has never had a link, each push may bring one; grants stay and inheritance stays off.</summary>
    private async Task LinkLaterAsync(
        DbSession session, Principal principal, PackageFacts facts, IReadOnlyList<string> sources, DateTimeOffset now)
    {
        if (sources.Count == 0 || facts.Linked is not null || await label.FindAsync(session, principal, facts.Owner!, sources) is not { } link)
        {
            return;
        }

        await session.ExecuteAsync(
            "update packages set repository_id = @repositoryId, ever_linked = @linked, updated_at = @now where id = @id and ever_linked = @never",
            new { repositoryId = link.Id, linked = true, never = false, now, id = facts.PackageId });
    }
}
