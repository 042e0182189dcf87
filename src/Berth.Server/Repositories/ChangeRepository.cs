using Berth.Client.Wire;
using Berth.Server.Access;
using Berth.Server.Api;
using Berth.Server.Audit;
using Berth.Server.Database;
using Berth.Server.Http;
using Berth.Server.Repositories.Cloning;

namespace Berth.Server.Repositories;

/// <summary>
/// Creates, changes, transfers and deletes repositories, and adapts packages. When a repository becomes more private, access to its
/// packages is limited automatically. It is never widened automatically.
/// </summary>
internal sealed class ChangeRepository(
    Db db, ApiUrls urls, IEnumerable<IFollowRepositories> followers, AuditLog audit, TimeProvider time)
{
    private const string Resource = "Repository";

    public Task<IResult> CreateAsync(
        ApiCaller caller, long ownerId, bool ownerIsOrganization, bool creatorOwns, RepositoryRequest wanted,
        CancellationToken cancellationToken)
    {
        var creator = caller.User;
        var now = time.GetUtcNow();
        RepositoryRequest.CheckVisibility(wanted.Visibility ?? Visibility.Private, ownerIsOrganization);
        var row = wanted.ApplyTo(new RepositoryRow { OwnerId = ownerId, CreatedAt = now });
        return db.WriteAsync(
            async session =>
            {
                if (await RepositoryTable.InsertAsync(session, row, GitUrl.Normalise(row.CloneUrl)) is not { } id)
                {
                    return (IResult)NameTaken(row.Name);
                }

                // A member who creates a repository becomes its admin, as on GitHub.
                if (!creatorOwns)
                {
                    await RepositoryTable.SetCollaboratorAsync(session, id, creator.UserId, "admin");
                }

                var made = (await RepositoryTable.FindAsync(session, id))!;
                await audit.RecordAsync(session, caller.Actor, AuditEntry.On(made.Facts, "repo.create") with { New = made.Visibility });
                return ApiResult.Created(made.ToWire(urls, await StandingAsync(session, id, creator)));
            },
            cancellationToken);
    }

    public Task<IResult> ChangeAsync(ApiCaller caller, long id, RepositoryRequest wanted, CancellationToken cancellationToken) =>
        db.WriteAsync(
            async session =>
            {
                var old = await RepositoryTable.FindAsync(session, id) ?? throw new ApiException(Errors.NotFound);
                var row = wanted.ApplyTo(old);
                RepositoryRequest.CheckVisibility(row.Facts.Openness, row.OwnerIsOrganization);
                if (await RepositoryTable.NameTakenAsync(session, row.OwnerId, row.Name, id))
                {
                    return (IResult)NameTaken(row.Name);
                }

                await RepositoryTable.ChangeAsync(session, id, wanted.Change, time.GetUtcNow());
                if (CloneOrigin.Of(row.CloneUrl) != CloneOrigin.Of(old.CloneUrl))
                {
                    await CloneCredentialTable.DropAsync(session, id);
                }

                if (row.Name != old.Name)
                {
                    await TellAsync(follower => follower.RenamedAsync(session, caller.Actor, old.Facts, row.Facts));
                    await audit.RecordAsync(
                        session, caller.Actor, AuditEntry.On(row.Facts, "repo.rename") with { Old = old.Name, New = row.Name });
                }

                List<VisibilityDifference>? differ = null;
                if (row.Visibility != old.Visibility)
                {
                    if (row.Facts.Openness < old.Facts.Openness)
                    {
                        await TellAsync(follower => follower.TightenedAsync(session, caller.Actor, row.Facts));
                    }

                    differ = await DifferencesAsync(session, row.Facts);
                    await audit.RecordAsync(
                        session, caller.Actor, AuditEntry.On(row.Facts, "repo.access") with { Old = old.Visibility, New = row.Visibility });
                }

                var changed = (await RepositoryTable.FindAsync(session, id))!;
                var standing = await StandingAsync(session, id, caller.User);
                return ApiResult.Ok(changed.ToWire(urls, standing) with { PackagesThatDiffer = differ });
            },
            cancellationToken);

    public Task DeleteAsync(ApiCaller caller, RepositoryFacts repository, CancellationToken cancellationToken) => db.WriteAsync(
        async session =>
        {
            await TellAsync(follower => follower.RepositoryGoneAsync(session, caller.Actor, repository, newName: null));
            await RepositoryTable.DeleteAsync(session, repository.Id);
            await audit.RecordAsync(session, caller.Actor, AuditEntry.On(repository, "repo.destroy"));
        },
        cancellationToken);

    /// <summary>
    /// Transfers it to the caller, or to an organization in which the caller may create repositories. Packages stay with the old owner.
    /// </summary>
    public Task<IResult> TransferAsync(ApiCaller caller, long id, string newOwner, CancellationToken cancellationToken) => db.WriteAsync(
        async session =>
        {
            var old = await RepositoryTable.FindAsync(session, id) ?? throw new ApiException(Errors.NotFound);
            if (await AccessDecisions.NamespaceAsync(session, caller.User.UserId, newOwner) is not { Owner: var owner } person
                || !AccessRules.MayCreateRepository(person))
            {
                return (IResult)ApiErrors.Invalid(
                    Resource, "new_owner", $"there is no account {newOwner} in which you may make repositories");
            }

            if (owner.Id == old.OwnerId)
            {
                return ApiErrors.Unprocessable(Resource, "new_owner", $"{old.Facts.FullName} belongs to {owner.Login} already");
            }

            if (await RepositoryTable.NameTakenAsync(session, owner.Id, old.Name, id))
            {
                return NameTaken(old.Name);
            }

            var visibility = old.Visibility == "internal" && !owner.IsOrganization ? "private" : old.Visibility;
            await TellAsync(follower => follower.RepositoryGoneAsync(session, caller.Actor, old.Facts, $"{owner.Login}/{old.Name}"));
            await RepositoryTable.RemoveTeamsAsync(session, id);
            await CloneCredentialTable.DropAsync(session, id);
            await RepositoryTable.MoveAsync(session, id, owner.Id, visibility, time.GetUtcNow());
            if (!AccessRules.Owns(person))
            {
                await RepositoryTable.SetCollaboratorAsync(session, id, caller.User.UserId, "admin");
            }

            var moved = (await RepositoryTable.FindAsync(session, id))!;

            // Both owners' logs record it.
            foreach (var place in new[] { old.Facts, moved.Facts })
            {
                await audit.RecordAsync(
                    session, caller.Actor,
                    AuditEntry.On(place, "repo.transfer") with { Old = old.Facts.FullName, New = moved.Facts.FullName });
            }

            return Results.Json(
                moved.ToWire(urls, await StandingAsync(session, id, caller.User)), BerthJson.Wire.Of<Repository>(), statusCode: 202);
        },
        cancellationToken);

    private async Task TellAsync(Func<IFollowRepositories, Task> news)
    {
        foreach (var follower in followers)
        {
            await news(follower);
        }
    }

    private static async Task<RepositoryStanding> StandingAsync(DbSession session, long id, UserPrincipal user) =>
        (await AccessDecisions.RepositoryAsync(session, user.UserId, id))!.Standing;

    private static ApiError NameTaken(string name) => ApiErrors.Exists(Resource, "name", $"the owner has a repository {name} already");

    private static async Task<List<VisibilityDifference>> DifferencesAsync(DbSession session, RepositoryFacts repository)
    {
        var rows = await session.QueryAsync<DifferingPackage>(
            """
            select a.login as owner, p.type, p.name, p.visibility from packages p join accounts a on a.id = p.owner_id
            where p.repository_id = @id and p.inherits_access = @yes and p.state = 'live' and p.visibility <> @visibility
            order by p.type, p.name
            """,
            new { id = repository.Id, yes = true, visibility = repository.Visibility });
        return rows.ConvertAll(row => Difference(new PackageAddress(row.Owner, row.Type, row.Name), row.Visibility, repository));
    }

    /// <summary>The difference, and the command that would make both equal.</summary>
    public static VisibilityDifference Difference(PackageAddress package, string packageVisibility, RepositoryFacts repository) => new()
    {
        Package = $"{package.Owner}/{package.Name}",
        PackageVisibility = packageVisibility,
        RepositoryVisibility = repository.Visibility,
        Command = EditCommand(package, repository.Visibility),
    };

    public static string EditCommand(PackageAddress package, string visibility) =>
        $"berth package edit {package.Owner}/{package.Name}{(package.Type == PackageAddress.Npm ? " --type npm" : "")} --visibility "
            + $"{visibility}";

    private sealed record DifferingPackage
    {
        public string Owner { get; init; } = "";

        public string Type { get; init; } = "";

        public string Name { get; init; } = "";

        public string Visibility { get; init; } = "";
    }
}
