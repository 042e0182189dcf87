using Berth.Server.Access;
using Berth.Server.Api;
using Berth.Server.Codespaces.Devcontainers;
using Berth.Server.Codespaces.Expansion;
using Berth.Server.Codespaces.Git;
using Berth.Server.Database;
using Berth.Server.Faults;
using Berth.Server.Http;
using Berth.Server.Repositories.Cloning;

namespace Berth.Server.Codespaces.Permissions;

/// <summary>One repository for which a configuration asks permissions.</summary>
/// <param name="Packages">Whether reading its packages is permitted. Null: it is not asked for.</param>
/// <param name="Contents">Whether reaching it with git is permitted. Null: it is not asked for.</param>
/// <param name="Level"><c>read</c> or <c>write</c>.</param>
internal sealed record AskedPermission(RepositoryFacts Repository, bool? Packages, bool? Contents, string? Level)
{
    public bool Permitted => Packages != false && Contents != false;

    /// <summary>What is asked for, in words for people, and whether it is permitted.</summary>
    public IEnumerable<(string What, bool Permitted)> Parts
    {
        get
        {
            if (Packages is { } packages)
            {
                yield return ($"packages of {Repository.FullName}", packages);
            }

            if (Contents is { } contents)
            {
                yield return ($"git to {Repository.FullName}", contents);
            }
        }
    }
}

/// <summary>What a configuration asks for and one user could permit. Also what that user cannot, with the reason.</summary>
internal sealed record PermissionReview(IReadOnlyList<AskedPermission> Asked, IReadOnlyList<string> Remarks)
{
    public IReadOnlyList<AskedPermission> Missing => [.. Asked.Where(asked => !asked.Permitted)];

    /// <summary>The repositories for which this kind of access is asked.</summary>
    public IEnumerable<long> Targets(PermissionKind kind) => Asked
        .Where(asked => (kind == PermissionKind.Packages ? asked.Packages : asked.Contents) is not null)
        .Select(asked => asked.Repository.Id);

    /// <summary>Lines for the log of a start or for a report: what is granted and what is not.</summary>
    public IEnumerable<string> Lines(RepositoryFacts repository, string login, bool optOut) =>
        Remarks.Concat(Asked.SelectMany(asked => asked.Parts).Select(part => (optOut, part.Permitted) switch
        {
            (true, _) => $"{part.What} are asked for and not given: it goes with default permissions, as wished at its creation",
            (_, true) when part.What.StartsWith("packages", StringComparison.Ordinal) => $"may read {part.What}, as {login} allows it",
            (_, true) => $"may use {part.What}, as {login} allows it",
            _ => Fault.Shown(
                $"{part.What} are asked for and not given: {login} has not allowed it",
                $"berth codespace permissions allow {repository.FullName}"),
        }));
}

/// <summary>
/// The packages and git repositories of others that codespaces of a repository may use: what its configuration asks for and its creator
/// permits.
/// </summary>
internal sealed class CodespacePermissions(Db db, LookAtRepository looks, ApiUrls urls, ImageDefaults defaults)
{
    /// <summary>How long a request waits to learn whether permissions are missing. The start finds out in any case.</summary>
    private static readonly TimeSpan LongestLook = TimeSpan.FromSeconds(10);

    public Task<PermissionReview> ReviewAsync(
        RepositoryFacts repository, long userId, string login, DevcontainerFile file, CancellationToken cancellationToken)
    {
        var asked = AskedRepositories.Read(file);
        return asked.Asked.Count == 0
            ? Task.FromResult(new PermissionReview([], asked.Remarks))
            : db.ReadAsync(session => ReviewAsync(session, repository, userId, login, asked), cancellationToken);
    }

    /// <summary>Reviews the configuration that the repository has now.</summary>
    /// <exception cref="FaultException">The configuration cannot be fetched or read.</exception>
    public async Task<PermissionReview> LookAsync(
        RepositoryFacts repository, long userId, string login, string? reference, string? devcontainerPath,
        CancellationToken cancellationToken)
    {
        var file = await looks.ConfigurationsAsync(
            userId, login, repository, reference,
            checkout => DevcontainerFile.Read(
                new Checkout(checkout, new ExpansionBudget(cancellationToken)) { Defaults = defaults },
                string.IsNullOrEmpty(devcontainerPath) ? null : devcontainerPath),
            cancellationToken);
        return await ReviewAsync(repository, userId, login, file, cancellationToken);
    }

    /// <summary>
    /// Checks permissions before a codespace is made. If the configuration asks for something that the creator has not permitted yet, it
    /// throws 401 with a page on which to allow it, in GitHub's form. If the configuration cannot be fetched now, the request is not
    /// refused: the start reports it.
    /// </summary>
    /// <exception cref="ApiException">401: permissions are missing.</exception>
    public async Task DemandAsync(
        RepositoryFacts repository, long userId, string login, string? reference, string? devcontainerPath,
        CancellationToken cancellationToken)
    {
        if (!await db.ReadAsync(session => IsWorthALookAsync(session, repository, userId), cancellationToken))
        {
            return;
        }

        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(LongestLook);
        PermissionReview review;
        try
        {
            review = await LookAsync(repository, userId, login, reference, devcontainerPath, limit.Token);
        }
        catch (Exception exception)
            when (exception is FaultException || (exception is OperationCanceledException && !cancellationToken.IsCancellationRequested))
        {
            return;
        }

        if (review.Missing.Count > 0)
        {
            throw new ApiException(Asks(repository, review.Missing, reference, devcontainerPath));
        }
    }

    /// <summary>
    /// A look at the repository takes a moment. It is left out when there is nothing to permit, or no credential that git could use.
    /// </summary>
    private static async Task<bool> IsWorthALookAsync(DbSession session, RepositoryFacts repository, long userId) =>
        await CodespacePermissionTable.ToAskForAsync(session, PermissionKind.Packages, repository, 1) is [_, ..]
            || (await CloneCredentialTable.HasOwnAsync(session, userId, repository.OwnerId)
                && await CodespacePermissionTable.ToAskForAsync(session, PermissionKind.Contents, repository, 1) is [_, ..]);

    private ApiError Asks(
        RepositoryFacts repository, IReadOnlyList<AskedPermission> missing, string? reference, string? devcontainerPath)
    {
        (string What, IEnumerable<AskedPermission> Of)[] parts =
        [
            ("read the packages of", missing.Where(one => one.Packages == false)),
            ("use git with", missing.Where(one => one.Contents == false)),
        ];
        var wanted = parts.Where(part => part.Of.Any())
            .Select(part => $"{part.What} {string.Join(", ", part.Of.Select(one => one.Repository.FullName))}");
        return ApiErrors.Challenged(new ApiError(
            401, "PERMISSIONS_REQUIRED",
            $"{repository.FullName} asks to let its codespaces {string.Join(" and ", wanted)}. Nothing was created: allow it, or create "
                + "the codespace without")
        {
            Remedy = $"berth codespace permissions allow {repository.FullName}; without: berth codespace "
                + $"create {repository.FullName} --default-permissions",
            More = [new("allow_permissions_url", urls.Html + PermissionEndpoints.PageOf(repository, reference, devcontainerPath))],
        });
    }

    private static async Task<PermissionReview> ReviewAsync(
        DbSession session, RepositoryFacts repository, long userId, string login, AskedRepositories asked)
    {
        var packages = await IdsAsync(PermissionKind.Packages);
        var contents = await IdsAsync(PermissionKind.Contents);
        SortedDictionary<string, AskedPermission> found = new(StringComparer.OrdinalIgnoreCase);
        List<string> remarks = [.. asked.Remarks];
        foreach (var entry in asked.Asked)
        {
            var (candidates, remark) = await FindAsync(session, repository, userId, login, entry);
            foreach (var (candidate, kinds) in candidates.Where(candidate => candidate.Repository.Id != repository.Id))
            {
                // An entry for a single repository adds to the permissions of owner/*.
                var before = found.GetValueOrDefault(candidate.FullName);
                found[candidate.FullName] = new AskedPermission(
                    candidate, kinds.Contains(PermissionKind.Packages) ? packages.Contains(candidate.Id) : before?.Packages,
                    kinds.Contains(PermissionKind.Contents) ? contents.Contains(candidate.Id) : before?.Contents,
                    kinds.Contains(PermissionKind.Contents) ? entry.Contents : before?.Level);
            }

            if (remark is not null)
            {
                remarks.Add(remark);
            }
        }

        return new PermissionReview([.. found.Values], remarks);

        async Task<HashSet<long>> IdsAsync(PermissionKind kind) =>
            [.. (await CodespacePermissionTable.PermittedAsync(session, kind, userId, repository.Id)).Select(one => one.Id)];
    }

    private static async Task<(IReadOnlyList<(RepositoryFacts Repository, PermissionKind[] Kinds)> Found, string? Remark)> FindAsync(
        DbSession session, RepositoryFacts repository, long userId, string login, AskedRepository entry)
    {
        var name = entry.Name;
        var slash = name.IndexOf('/', StringComparison.Ordinal);
        if (!name.AsSpan(0, slash).Equals(repository.OwnerLogin, StringComparison.OrdinalIgnoreCase))
        {
            return ([], $"{name} is not given: {repository.FullName} can ask for repositories of {repository.OwnerLogin} only");
        }

        PermissionKind[] kinds =
        [
            .. entry.Packages ? new[] { PermissionKind.Packages } : [], .. entry.Contents is null ? [] : new[] { PermissionKind.Contents },
        ];
        List<(PersonOnRepository One, PermissionKind[] Kinds)> named = [];
        if (name.EndsWith("/*", StringComparison.Ordinal))
        {
            Dictionary<long, PermissionKind[]> all = [];
            foreach (var kind in kinds)
            {
                foreach (var one in await CodespacePermissionTable.ToAskForAsync(session, kind, repository, AskedRepositories.Most))
                {
                    all[one.Id] = [.. all.GetValueOrDefault(one.Id, []), kind];
                }
            }

            var on = await AccessDecisions.RepositoriesAsync(session, userId, all.Keys);
            named.AddRange(all.Select(one => (on[one.Key], one.Value)));
        }
        else if (await AccessDecisions.RepositoryAsync(session, userId, repository.OwnerLogin, name[(slash + 1)..]) is { } one)
        {
            named.Add((one, kinds));
        }

        var readable = named.Where(one => AccessRules.MayRead(one.One.Standing)).Select(one => (one.One.Repository, one.Kinds)).ToList();
        return (readable, readable.Count == 0 ? $"{name} is not given: {login} cannot read it, or there is no such repository" : null);
    }
}
