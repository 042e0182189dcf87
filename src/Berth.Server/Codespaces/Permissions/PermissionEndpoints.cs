using Berth.Client.Wire;
using Berth.Server.Access;
using Berth.Server.Api;
using Berth.Server.Api.Bodies;
using Berth.Server.Api.Description;
using Berth.Server.Audit;
using Berth.Server.Codespaces.Devcontainers;
using Berth.Server.Codespaces.Expansion;
using Berth.Server.Codespaces.Git;
using Berth.Server.Database;
using Berth.Server.Faults;
using Berth.Server.Repositories;
using Microsoft.AspNetCore.WebUtilities;

namespace Berth.Server.Codespaces.Permissions;

/// <summary>
/// What a repository asks for before there is a codespace: its configurations and permissions in GitHub's forms. Also the user's answer,
/// for which GitHub has only a web page.
/// </summary>
internal static class PermissionEndpoints
{
    private const string Page = "/codespaces/allow-permissions/";

    private const string Resource = "CodespacePermissions";
    private const string Scope = "codespace";

    /// <param name="codespaces">The path of one repository's codespaces, by name or by id.</param>
    public static void MapPermissions(this IEndpointRouteBuilder api, string codespaces)
    {
        // https://docs.github.com/rest/codespaces/codespaces
        api.MapRead(codespaces + "/devcontainers", DevcontainersAsync).Requires(ApiNeed.RepositoryUser, Scope)
            .Does("List the devcontainer.json files of a repository").Asks("ref", "A branch or tag; without it the default branch.")
            .Gives<DevcontainerList>();
        api.MapRead(codespaces + "/permissions_check", CheckAsync).Requires(ApiNeed.RepositoryUser, Scope)
            .Does("Get what a repository's configuration asks for, and whether you allow it")
            .Asks("ref", "A branch or tag; without it the default branch.")
            .Asks("devcontainer_path", "The devcontainer.json; without it the usual one.").Gives<CodespacePermissionsCheck>();
        api.MapRead(codespaces + "/permissions", GetAsync).Requires(ApiNeed.RepositoryUser, Scope)
            .Does("List what you let codespaces of a repository have of others").Gives<CodespacePermissionList>();
        api.MapPut(codespaces + "/permissions", SetAsync).Requires(ApiNeed.RepositoryUser, Scope)
            .Does("Set what you let codespaces of a repository have of others").Takes<CodespacePermissionList>().GivesNothing();
    }

    /// <summary>A page that says how to answer. The API decides who may see what is asked for.</summary>
    public static void MapPermissionPage(this IEndpointRouteBuilder app) => app.MapGet(Page + "{owner}/{repo}", ShowPage);

    private static async Task<IResult> DevcontainersAsync(
        HttpRequest request, ApiCaller caller, RepositoryAccess access, Db db, LookAtRepository looks, CancellationToken cancellationToken)
    {
        var row = await db.ReadAsync(session => RepositoryTable.FindAsync(session, access.Repository.Id), cancellationToken);
        if (row?.CloneUrl is null)
        {
            return ApiResult.Ok(new DevcontainerList(0, []));
        }

        try
        {
            var places = await looks.ConfigurationsAsync(
                caller.User.UserId, caller.User.Login, access.Repository, Ref(request),
                checkout => Places(new Checkout(checkout, new ExpansionBudget(cancellationToken))), cancellationToken);
            return ApiResult.Ok(new DevcontainerList(places.Count, places));
        }
        catch (FaultException exception)
        {
            return ApiErrors.Unprocessable(Resource, "ref", exception.Message);
        }
    }

    private static List<DevcontainerPlace> Places(Checkout checkout) =>
    [
        .. DevcontainerFile.All(checkout.Root)
            .Select(path => (Path: path, Name: NameOf(checkout, path)))
            .Select(found => new DevcontainerPlace(found.Path, found.Name, found.Name)),
    ];

    private static string? NameOf(Checkout checkout, string path)
    {
        try
        {
            return DevcontainerFile.Read(checkout, path).Content.TryGetProperty("name", out var name)
                && name.ValueKind == System.Text.Json.JsonValueKind.String
                ? name.GetString()
                : null;
        }
        catch (FaultException)
        {
            // Whoever chooses this configuration is told what is wrong with it.
            return null;
        }
    }

    private static async Task<IResult> CheckAsync(
        HttpRequest request, ApiCaller caller, RepositoryAccess access, CodespacePermissions permissions,
        CancellationToken cancellationToken)
    {
        var path = request.Query["devcontainer_path"].ToString();
        try
        {
            var review = await permissions.LookAsync(
                access.Repository, caller.User.UserId, caller.User.Login, Ref(request), path, cancellationToken);
            return ApiResult.Ok(new CodespacePermissionsCheck
            {
                Accepted = review.Missing.Count == 0,
                Permissions = [
                    .. review.Asked.Select(asked => new CodespacePermission(
                        asked.Repository.FullName, asked.Packages is null ? null : "read", asked.Level, asked.Permitted)),
                ],
                Remarks = review.Remarks,
            });
        }
        catch (FaultException exception)
        {
            return ApiErrors.Unprocessable(Resource, "devcontainer_path", exception.Message);
        }
    }

    private static async Task<IResult> GetAsync(ApiCaller caller, RepositoryAccess access, Db db, CancellationToken cancellationToken)
    {
        return ApiResult.Ok(await db.ReadAsync(
            async session => new CodespacePermissionList
            {
                Repositories = await NamesAsync(session, PermissionKind.Packages),
                Contents = await NamesAsync(session, PermissionKind.Contents),
            },
            cancellationToken));

        // Leave out repositories that the user can no longer read. Permissions for them have no effect.
        async Task<IReadOnlyList<string>> NamesAsync(DbSession session, PermissionKind kind)
        {
            var targets = await CodespacePermissionTable.PermittedAsync(session, kind, caller.User.UserId, access.Repository.Id);
            var on = await AccessDecisions.RepositoriesAsync(session, caller.User.UserId, targets.Select(target => target.Id));
            return [.. targets.Where(target => AccessRules.MayRead(on[target.Id].Standing)).Select(target => target.FullName)];
        }
    }

    private static async Task<IResult> SetAsync(
        HttpRequest request, ApiCaller caller, RepositoryAccess access, Db db, AuditLog audit, TimeProvider time,
        CancellationToken cancellationToken)
    {
        var wanted = await RequestBody.ReadAsync<CodespacePermissionList>(
            request,
            Resource,
            (body, faults) =>
            {
                foreach (var (field, names) in new[] { ("repositories", body.Repositories), ("contents", body.Contents) })
                {
                    if (names is { Count: > AskedRepositories.Most })
                    {
                        faults.Add(field, $"at most {AskedRepositories.Most} repositories can be permitted");
                    }
                }
            },
            cancellationToken);
        return await db.WriteAsync<IResult>(
            async session =>
            {
                (string Field, PermissionKind Kind, IReadOnlyList<string> Names)[] lists =
                [
                    ("repositories", PermissionKind.Packages, wanted.Repositories),
                    ("contents", PermissionKind.Contents, wanted.Contents ?? []),
                ];
                List<(PermissionKind Kind, HashSet<long> Targets)> permitted = [];
                foreach (var (field, kind, names) in lists)
                {
                    HashSet<long> targets = [];
                    foreach (var name in names)
                    {
                        if (await FindAsync(session, access.Repository, caller.User.UserId, name) is not { } target)
                        {
                            return ApiErrors.Invalid(
                                Resource, field,
                                $"'{name}' is not another repository of {access.Repository.OwnerLogin} that you can read, as owner/name");
                        }

                        targets.Add(target.Id);
                    }

                    permitted.Add((kind, targets));
                }

                foreach (var (kind, targets) in permitted)
                {
                    await CodespacePermissionTable.PermitAsync(
                        session, kind, caller.User.UserId, access.Repository.Id, targets, time.GetUtcNow());
                }

                await audit.RecordAsync(
                    session, caller.Actor,
                    AuditEntry.On(access.Repository, "codespaces.allow_permissions", AuditEntry.User(caller.User.Login)) with
                    {
                        New = string.Join(' ', lists.SelectMany(list => list.Names, (list, name) => $"{list.Field}:{name}")),
                    });

                return ApiResult.NoContent();
            },
            cancellationToken);
    }

    private static async Task<RepositoryFacts?> FindAsync(DbSession session, RepositoryFacts repository, long userId, string fullName) =>
        fullName.Split('/') is [var owner, var name] && owner.Equals(repository.OwnerLogin, StringComparison.OrdinalIgnoreCase)
        && await AccessDecisions.RepositoryAsync(session, userId, owner, name) is { } found && found.Repository.Id != repository.Id
        && AccessRules.MayRead(found.Standing)
            ? found.Repository
            : null;

    private static string? Ref(HttpRequest request)
    {
        var text = request.Query["ref"].ToString();
        return text.Length == 0 ? null : text;
    }

    /// <summary>
    /// The path of <c>allow_permissions_url</c>. gh shows the URL without its query, so the repository is in the path. It is no user's
    /// path, since no login can be <c>codespaces</c>.
    /// </summary>
    public static string PageOf(RepositoryFacts repository, string? reference, string? devcontainerPath)
    {
        var query = new Dictionary<string, string?>(StringComparer.Ordinal)
        {
            ["ref"] = reference,
            ["devcontainer_path"] = devcontainerPath,
        };
        return QueryHelpers.AddQueryString(
            $"{Page}{repository.OwnerLogin}/{repository.Name}", query.Where(pair => !string.IsNullOrEmpty(pair.Value)));
    }

    private static IResult ShowPage(string owner, string repo, HttpRequest request)
    {
        var (repository, reference, path) = (
            $"{owner}/{repo}", request.Query["ref"].ToString(), request.Query["devcontainer_path"].ToString());
        var options = (reference.Length == 0 ? "" : $" --ref {Quoted(reference)}")
            + (path.Length == 0 ? "" : $" --devcontainer-path {Quoted(path)}");
        return Results.Text($"""
            This repository asks to let its codespaces have packages or git of other repositories. To see which, and to allow it, run

              berth codespace permissions show {Quoted(repository)}{options}
              berth codespace permissions allow {Quoted(repository)}{options}

            and create the codespace again. To create it without them:

              berth codespace create {Quoted(repository)}{options} --default-permissions
              gh codespace create --repo {Quoted(repository)} --default-permissions

            """);
    }

    /// <summary>Quotes a text for a shell. A text that comes from a link may have been written by anybody.</summary>
    private static string Quoted(string text) =>
        text.All(c => char.IsAsciiLetterOrDigit(c) || c is '/' or '-' or '_' or '.')
            ? text
            : $"'{new string([.. text.Where(c => !char.IsControl(c))]).Replace("'", "'\\''", StringComparison.Ordinal)}'";
}
