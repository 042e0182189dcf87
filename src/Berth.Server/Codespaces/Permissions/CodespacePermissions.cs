using Berth.Server.Access;
using Berth.Server.Api;
using Berth.Server.Codespaces.Devcontainers;
using Berth.Server.Codespaces.Expansion;
using Berth.Server.Codespaces.Preflight;
using Berth.Server.Database;
using Berth.Server.Faults;
using Berth.Server.Http;

namespace Berth.Server.Codespaces.Permissions;

/// <summary>One repository whose packages a configuration asks for.</summary>
internal sealed record AskedPermission(RepositoryFacts Repository, bool Permitted);

/// <summary>What a configuration asks for, as far as one user could permit it, and what not, with the reason.</summary>
internal sealed record PermissionReview(IReadOnlyList<AskedPermission> Asked, IReadOnlyList<string> Remarks)
{
    public IReadOnlyList<RepositoryFacts> Missing => [.. Asked.Where(asked => !asked.Permitted).Select(asked => asked.Repository)];

    /// <summary>For the log of a start or a report: what is given and what not.</summary>
    public IEnumerable<string> Lines(RepositoryFacts repository, string login, bool optOut) =>
        Remarks.Concat(Asked.Select(asked => (optOut, asked.Permitted) switch
        {
            (true, _) =>
                $"packages of {asked.Repository.FullName} are asked for and not given: it goes with default permissions, as wished at its "
                    + "creation",
            (_, true) => $"may read packages of {asked.Repository.FullName}, as {login} allows it",
            _ => Fault.Shown(
                $"packages of {asked.Repository.FullName} are asked for and not given: {login} has not allowed it",
                $"berth codespace permissions allow {repository.FullName}"),
        }));
}

/// <summary>
/// Whose packages the codespaces of a repository may read beside its own: what its configuration asks for and its creator permits.
/// </summary>
internal sealed class CodespacePermissions(Db db, LookAtRepository looks, ApiUrls urls)
{
    /// <summary>How long a request waits to learn whether it has to ask; the start finds out in any case.</summary>
    private static readonly TimeSpan LongestLook = TimeSpan.FromSeconds(10);

    /// <param name="userId">Whose codespace it is or would be.</param>
    public Task<PermissionReview> ReviewAsync(
        RepositoryFacts repository, long userId, string login, DevcontainerFile file, CancellationToken cancellationToken)
    {
        var asked = AskedRepositories.Read(file);
        return asked.Names.Count == 0
            ? Task.FromResult(new PermissionReview([], asked.Remarks))
            : db.ReadAsync(session => ReviewAsync(session, repository, userId, login, asked), cancellationToken);
    }

    /// <summary>The same for what lies in the repository now.</summary>
    /// <exception cref="FaultException">It cannot be fetched or read.</exception>
    public async Task<PermissionReview> LookAsync(
        RepositoryFacts repository, long userId, string login, string? reference, string? devcontainerPath,
        CancellationToken cancellationToken)
    {
        var file = await looks.ConfigurationsAsync(
            userId, login, repository, reference,
            checkout => DevcontainerFile.Read(
                new Checkout(checkout, new ExpansionBudget(cancellationToken)),
                string.IsNullOrEmpty(devcontainerPath) ? null : devcontainerPath),
            cancellationToken);
        return await ReviewAsync(repository, userId, login, file, cancellationToken);
    }

    /// <summary>
    /// Asks before a codespace is made: 401 with a place to allow it, in GitHub's shape, where something is asked for that the creator has
    /// not permitted yet. A configuration that cannot be had now is no reason to refuse: the start will say so.
    /// </summary>
    /// <exception cref="ApiException">401.</exception>
    public async Task DemandAsync(
        RepositoryFacts repository, long userId, string login, string? reference, string? devcontainerPath,
        CancellationToken cancellationToken)
    {
        if (await db.ReadAsync(
            session => CodespacePermissionTable.WithPackagesAsync(session, repository, 1), cancellationToken) is not [_, ..])
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

    private ApiError Asks(RepositoryFacts repository, IReadOnlyList<RepositoryFacts> missing, string? reference, string? devcontainerPath)
    {
        var names = string.Join(", ", missing.Select(one => one.FullName));
        return ApiErrors.Challenged(new ApiError(
            401, "PERMISSIONS_REQUIRED",
            $"{repository.FullName} asks to let its codespaces read the packages of {names}. Nothing was created: allow it, or create the "
                + "codespace without")
        {
            Remedy = $"berth codespace permissions allow {repository.FullName}; without: berth codespace "
                + $"create {repository.FullName} --default-permissions",
            More = [new("allow_permissions_url", urls.Html + PermissionEndpoints.PageOf(repository, reference, devcontainerPath))],
        });
    }

    private static async Task<PermissionReview> ReviewAsync(
        DbSession session, RepositoryFacts repository, long userId, string login, AskedRepositories asked)
    {
        var permitted = (await CodespacePermissionTable.PermittedAsync(session, userId, repository.Id)).Select(one => one.Id).ToHashSet();
        SortedDictionary<string, AskedPermission> found = new(StringComparer.OrdinalIgnoreCase);
        List<string> remarks = [.. asked.Remarks];
        foreach (var name in asked.Names)
        {
            var (candidates, remark) = await FindAsync(session, repository, userId, login, name);
            foreach (var candidate in candidates.Where(candidate => candidate.Id != repository.Id))
            {
                found[candidate.FullName] = new AskedPermission(candidate, permitted.Contains(candidate.Id));
            }

            if (remark is not null)
            {
                remarks.Add(remark);
            }
        }

        return new PermissionReview([.. found.Values], remarks);
    }

    private static async Task<(IReadOnlyList<RepositoryFacts> Found, string? Remark)> FindAsync(
        DbSession session, RepositoryFacts repository, long userId, string login, string name)
    {
        var slash = name.IndexOf('/', StringComparison.Ordinal);
        if (!name.AsSpan(0, slash).Equals(repository.OwnerLogin, StringComparison.OrdinalIgnoreCase))
        {
            return ([], $"{name} is not given: {repository.FullName} can ask for repositories of {repository.OwnerLogin} only");
        }

        IEnumerable<PersonOnRepository> named;
        if (name.EndsWith("/*", StringComparison.Ordinal))
        {
            var all = await CodespacePermissionTable.WithPackagesAsync(session, repository, AskedRepositories.Most);
            var on = await AccessDecisions.RepositoriesAsync(session, userId, all.Select(one => one.Id));
            named = all.Select(one => on[one.Id]);
        }
        else
        {
            named = await AccessDecisions.RepositoryAsync(session, userId, repository.OwnerLogin, name[(slash + 1)..]) is { } one
                ? [one]
                : [];
        }

        var readable = named.Where(one => AccessRules.MayRead(one.Standing)).Select(one => one.Repository).ToList();
        return (readable, readable.Count == 0 ? $"{name} is not given: {login} cannot read it, or there is no such repository" : null);
    }
}
