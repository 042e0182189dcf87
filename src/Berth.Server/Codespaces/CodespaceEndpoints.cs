using Berth.Client.Wire;
using Berth.Server.Access;
using Berth.Server.Accounts;
using Berth.Server.Api;
using Berth.Server.Api.Description;
using Berth.Server.Audit;
using Berth.Server.Codespaces.Defaults;
using Berth.Server.Codespaces.Dotfiles;
using Berth.Server.Codespaces.Git;
using Berth.Server.Codespaces.Prebuilds;
using Berth.Server.Codespaces.Preflight;
using Berth.Server.Codespaces.Permissions;
using Berth.Server.Database;
using Berth.Server.Http;
using Berth.Server.Repositories;
using Microsoft.AspNetCore.Mvc;

namespace Berth.Server.Codespaces;

/// <summary>The REST API of codespaces: GitHub's, and what GitHub has only in its tools (creation log, exec, rebuild).</summary>
internal static class CodespaceEndpoints
{
    private const string Scope = "codespace";

    // https://docs.github.com/rest/codespaces/codespaces
    public static void MapCodespaces(this IEndpointRouteBuilder api)
    {
        const string One = "/user/codespaces/{name}";
        api.MapRead("/user/codespaces", OwnAsync).Requires(ApiNeed.User, Scope)
            .Does("List one's codespaces").AsksNumber("repository_id", "Only codespaces of this repository.")
            .Gives<Client.Wire.CodespaceList>();
        api.MapPost("/user/codespaces", CreateAsync).Requires(ApiNeed.User, Scope)
            .Does("Create a codespace of a repository that the body names").Takes<NewUserCodespace>("repository_id")
            .Creates<Client.Wire.Codespace>();
        api.MapRead(One, GetAsync).Requires(ApiNeed.User, Scope).ReachedByCodespace(CodespaceReach.Codespace)
            .Does("Get a codespace").Gives<Client.Wire.Codespace>();
        api.MapPatch(One, ChangeAsync).Requires(ApiNeed.User, Scope)
            .Does("Change a codespace").Takes<Client.Wire.CodespaceChange>().Gives<Client.Wire.Codespace>();
        api.MapDelete(One, DeleteAsync).Requires(ApiNeed.User, Scope)
            .Does("Delete a codespace").Begins<Dictionary<string, string>>();
        api.MapPost(One + "/start", StartAsync).Requires(ApiNeed.User, Scope)
            .Does("Start a codespace").Gives<Client.Wire.Codespace>().Refuses(409);
        api.MapPost(One + "/stop", StopAsync).Requires(ApiNeed.User, Scope).ReachedByCodespace(CodespaceReach.Codespace)
            .Does("Stop a codespace").Gives<Client.Wire.Codespace>();
        api.MapPost(One + "/rebuild", RebuildAsync).Requires(ApiNeed.User, Scope).ReachedByCodespace(CodespaceReach.Codespace)
            .Does("Rebuild a codespace").Gives<Client.Wire.Codespace>();
        api.MapRead(One + "/machines", MachinesAsync).Requires(ApiNeed.User, Scope)
            .Does("List the machine types that a codespace may change to").Gives<CodespaceMachineList>();
        api.MapRead(One + "/creation-log", CreationLog.GetAsync).Requires(ApiNeed.User, Scope).ReachedByCodespace(CodespaceReach.Codespace)
            .Does("Read the creation log of a codespace").Asks("attempt", "Of one start: its number, or `latest`.")
            .Asks("follow", "`true`: until the start has ended; `available`: until one can work in it.").GivesBytes("text/plain");
        api.MapOrganizationCodespaces();
        api.MapCodespaceAccess();
        api.MapPreflight();
        api.MapPost(One + "/exports", ExportAsync).Requires(ApiNeed.User, Scope)
            .Does("Export the creation log of a codespace").Begins<CodespaceExport>();
        api.MapRead(One + "/exports/{export_id}", GetExportAsync).Requires(ApiNeed.User, Scope)
            .Does("Get an exported creation log").Gives<CodespaceExport>();
        api.MapConnections(One, Scope);
        api.MapDotfiles(Scope);
        api.MapCodespaceSettings(Scope);
        api.MapPrebuildFeature("/repos/{owner}/{repo}/codespaces");
        foreach (var repository in new[] { "/repos/{owner}/{repo}/codespaces", "/repositories/{repository_id}/codespaces" })
        {
            api.MapRead(repository, OfRepositoryAsync).Requires(ApiNeed.RepositoryUser, Scope)
                .Does("List one's codespaces of a repository").Gives<Client.Wire.CodespaceList>();
            api.MapPost(repository, CreateInRepositoryAsync).Requires(ApiNeed.RepositoryUser, Scope)
                .Does("Create a codespace of a repository").Takes<NewCodespace>().Creates<Client.Wire.Codespace>();
            api.MapRead(repository + "/new", Defaults).Requires(ApiNeed.RepositoryUser, Scope)
                .Does("Get what a new codespace would be made with").Gives<CodespaceDefaults>();
            api.MapRead(repository + "/machines", OfferedAsync).Requires(ApiNeed.RepositoryReader, Scope)
                .Does("List the machine types for a repository").Asks("ref", "A branch, whose prebuilds count.")
                .Gives<CodespaceMachineList>();
            api.MapPermissions(repository);
        }
    }

    /// <summary>Finds the caller's codespace of that name. To everybody else it does not exist.</summary>
    public static Task<Codespace> FindAsync(Db db, ApiCaller caller, string name, CancellationToken cancellationToken) =>
        db.ReadAsync(session => FindAsync(session, caller, name), cancellationToken);

    private static async Task<Codespace> FindAsync(DbSession session, ApiCaller caller, string name)
    {
        var owner = caller.Principal switch
        {
            CodespacePrincipal codespace => codespace.UserId,
            _ => caller.User.UserId,
        };
        return await CodespaceTable.FindAsync(session, owner, name) ?? throw new ApiException(ApiErrors.Hidden(caller.Principal));
    }

    /// <summary>Finds the caller's codespace and changes it in one transaction. Returns the changed codespace.</summary>
    private static Task<Codespace> ApplyAsync(
        Db db, AuditLog audit, ApiCaller caller, string name, string action, Func<DbSession, long, Task> change,
        CancellationToken cancellationToken) =>
        db.WriteAsync(
            async session =>
            {
                var codespace = await FindAsync(session, caller, name);
                await change(session, codespace.Id);
                await audit.RecordAsync(session, caller.Actor, codespace, action);
                return (await CodespaceTable.FindAsync(session, codespace.Id))!;
            },
            cancellationToken);

    private static Task<IResult> OwnAsync(
        HttpContext http, ApiCaller caller, Paging paging, Db db, ApiUrls urls, CancellationToken cancellationToken)
    {
        var text = http.Request.Query["repository_id"].ToString();
        if (text.Length > 0 && !long.TryParse(text, out _))
        {
            throw new ApiException(ApiErrors.Invalid("Query", "repository_id", "repository_id must be a whole number"));
        }

        return ListAsync(http, caller, text.Length > 0 ? long.Parse(text) : null, paging, db, urls, cancellationToken);
    }

    private static Task<IResult> OfRepositoryAsync(
        HttpContext http, ApiCaller caller, RepositoryAccess access, Paging paging, Db db, ApiUrls urls,
        CancellationToken cancellationToken) =>
        ListAsync(http, caller, access.Repository.Id, paging, db, urls, cancellationToken);

    private static async Task<IResult> ListAsync(
        HttpContext http, ApiCaller caller, long? repositoryId, Paging paging, Db db, ApiUrls urls, CancellationToken cancellationToken)
    {
        var (total, items) = await db.ReadAsync(
            async session =>
            {
                var rows = await CodespaceTable.ListAsync(session, caller.User.UserId, repositoryId, paging.Size, paging.Offset);
                return (await CodespaceTable.CountAsync(session, caller.User.UserId, repositoryId), await ToWireAsync(session, rows, urls));
            },
            cancellationToken);
        paging.WriteLinks(http, total);
        return ApiResult.Ok(new CodespaceList(total, items));
    }

    private static async Task<IResult> CreateAsync(
        HttpRequest request, ApiCaller caller, AccessDecisions access, CreateCodespace create, Machines machines, Db db, ApiUrls urls,
        CancellationToken cancellationToken)
    {
        var wanted = await CodespaceRequest.ReadAsync<NewUserCodespace>(request, machines, cancellationToken);
        return await access.RepositoryAsync(caller.User.UserId, wanted.RepositoryId!.Value, cancellationToken) is { } found
            && AccessRules.MayRead(found.Standing)
            ? await CreatedAsync(caller, found.Repository, wanted, create, db, urls, cancellationToken)
            : ApiErrors.Hidden(caller.Principal);
    }

    private static async Task<IResult> CreateInRepositoryAsync(
        HttpRequest request, ApiCaller caller, RepositoryAccess access, CreateCodespace create, Machines machines, Db db, ApiUrls urls,
        CancellationToken cancellationToken)
    {
        var wanted = await CodespaceRequest.ReadAsync<NewCodespace>(request, machines, cancellationToken);
        return await CreatedAsync(caller, access.Repository, wanted, create, db, urls, cancellationToken);
    }

    private static async Task<IResult> CreatedAsync(
        ApiCaller caller, RepositoryFacts repository, NewCodespace wanted, CreateCodespace create, Db db, ApiUrls urls,
        CancellationToken cancellationToken)
    {
        var codespace = await create.RunAsync(caller, repository, wanted, cancellationToken);
        var row = await db.ReadAsync(session => RepositoryOfAsync(session, codespace), cancellationToken);
        return ApiResult.Created(codespace.ToWire(row, urls));
    }

    private static async Task<IResult> GetAsync(
        string name, ApiCaller caller, Db db, GitStatus git, ApiUrls urls, CancellationToken cancellationToken) =>
        await ShowAsync(
            await git.RefreshAsync(await FindAsync(db, caller, name, cancellationToken), always: false, cancellationToken), db, urls,
            cancellationToken);

    private static async Task<IResult> ChangeAsync(
        string name, HttpRequest request, ApiCaller caller, Machines machines, Db db, AuditLog audit, TimeProvider time, ApiUrls urls,
        CancellationToken cancellationToken)
    {
        await FindAsync(db, caller, name, cancellationToken); // Who has none of that name hears so, whatever the body.
        var wanted = await CodespaceRequest.ReadChangeAsync(request, machines, cancellationToken);
        var change = new CodespaceChange
        {
            SetsDisplayName = wanted.DisplayName.IsNamed,
            DisplayName = wanted.DisplayName.Value,
            Machine = string.IsNullOrEmpty(wanted.Machine) ? null : wanted.Machine,
            IdleTimeoutMinutes = wanted.IdleTimeoutMinutes,
            RetentionPeriodMinutes = wanted.RetentionPeriodMinutes,
        };
        var now = time.GetUtcNow();
        return await ShowAsync(
            await ApplyAsync(
                db, audit, caller, name, "update", (session, id) => CodespaceTable.ChangeAsync(session, id, change, now),
                cancellationToken),
            db, urls, cancellationToken);
    }

    private static async Task<IResult> DeleteAsync(
        string name, ApiCaller caller, Db db, AuditLog audit, TimeProvider time, Reconciler reconciler,
        CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        var codespace = await ApplyAsync(
            db, audit, caller, name, "destroy", (session, id) => CodespaceTable.WantDeletionAsync(session, id, now), cancellationToken);
        reconciler.Wake(codespace.Id);
        return Results.Text("{}", "application/json", statusCode: StatusCodes.Status202Accepted);
    }

    private static async Task<IResult> StartAsync(
        string name, ApiCaller caller, AccessDecisions access, Db db, AuditLog audit, TimeProvider time, Reconciler reconciler,
        ApiUrls urls, CancellationToken cancellationToken)
    {
        var codespace = await FindAsync(db, caller, name, cancellationToken);
        await DemandAsync(codespace, access, db, cancellationToken);
        var wanted = await db.WriteAsync(
            async session =>
            {
                var starts = await CodespaceTable.WantStartAsync(session, codespace.Id, time.GetUtcNow());
                if (starts)
                {
                    await audit.RecordAsync(session, caller.Actor, codespace, "start_environment");
                }

                return starts;
            },
            cancellationToken);
        if (!wanted)
        {
            return Conflict(codespace.State == CodespaceState.ShuttingDown
                ? "the codespace is shutting down; start it once it is Shutdown"
                : $"the codespace is {codespace.State} already");
        }

        reconciler.Wake(codespace.Id);
        return await ShowAsync(await FindAsync(db, caller, name, cancellationToken), db, urls, cancellationToken);
    }

    /// <summary>
    /// Checks the organization's rule, which counts at every start. A repository that is gone or hidden is not refused here: the start
    /// itself fails and gives the reason.
    /// </summary>
    private static async Task DemandAsync(Codespace codespace, AccessDecisions access, Db db, CancellationToken cancellationToken)
    {
        if (codespace.RepositoryId is { } id
            && await access.RepositoryAsync(codespace.OwnerId, id, cancellationToken) is { } found
            && AccessRules.MayRead(found.Standing))
        {
            await CodespaceAccessTable.DemandAsync(db, found.Repository, codespace.OwnerId, codespace.OwnerLogin, cancellationToken);
        }
    }

    private static async Task<IResult> StopAsync(
        string name, ApiCaller caller, Db db, AuditLog audit, TimeProvider time, Reconciler reconciler, ApiUrls urls,
        CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        var codespace = await ApplyAsync(
            db, audit, caller, name, "suspend_environment", (session, id) => CodespaceTable.WantStopAsync(session, id, now),
            cancellationToken);
        reconciler.Wake(codespace.Id);
        return await ShowAsync(codespace, db, urls, cancellationToken);
    }

    private static async Task<IResult> RebuildAsync(
        string name, ApiCaller caller, Db db, AuditLog audit, TimeProvider time, Reconciler reconciler, ApiUrls urls,
        CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        var codespace = await ApplyAsync(
            db, audit, caller, name, "rebuild", (session, id) => CodespaceTable.WantRebuildAsync(session, id, now), cancellationToken);
        reconciler.Wake(codespace.Id);
        return await ShowAsync(codespace, db, urls, cancellationToken);
    }

    private static async Task<IResult> ExportAsync(
        string name, ApiCaller caller, Db db, ApiUrls urls, CancellationToken cancellationToken) =>
        ApiResult.Accepted(Export(await FindAsync(db, caller, name, cancellationToken), urls));

    /// <summary>An export is only the address of the creation log, which exists already.</summary>
    private static async Task<IResult> GetExportAsync(
        string name, [FromRoute(Name = "export_id")] string exportId, ApiCaller caller, Db db, ApiUrls urls,
        CancellationToken cancellationToken)
    {
        var codespace = await FindAsync(db, caller, name, cancellationToken);
        var export = Export(codespace, urls);
        return exportId == "latest" || exportId == export.Id ? ApiResult.Ok(export) : ApiErrors.Hidden(caller.Principal);
    }

    private static CodespaceExport Export(Codespace codespace, ApiUrls urls) => new()
    {
        State = "succeeded",
        CompletedAt = codespace.UpdatedAt,
        Branch = codespace.GitRef ?? codespace.Ref,
        Id = codespace.Attempt.ToString(System.Globalization.CultureInfo.InvariantCulture),
        ExportUrl = $"{urls.Api}/user/codespaces/{codespace.Name}/creation-log?attempt={codespace.Attempt}",
        HtmlUrl = $"{urls.Html}/codespaces/{codespace.Name}",
    };

    private static async Task<IResult> MachinesAsync(
        string name, ApiCaller caller, Db db, Machines machines, CancellationToken cancellationToken)
    {
        await FindAsync(db, caller, name, cancellationToken);
        return Offered(machines, "none");
    }

    private static async Task<IResult> OfferedAsync(
        HttpRequest request, RepositoryAccess access, Machines machines, Db db, CancellationToken cancellationToken)
    {
        var branch = GitReference.Short(request.Query["ref"].ToString());
        return Offered(
            machines,
            await db.ReadAsync(session => PrebuildTable.AvailabilityAsync(session, access.Repository.Id, branch), cancellationToken));
    }

    private static IResult Offered(Machines machines, string prebuilds) => ApiResult.Ok(
        new CodespaceMachineList(machines.Offered.Count, [.. machines.Offered.Select(machine => machine.ToWire(prebuilds))]));

    private static IResult Defaults(ApiCaller caller, ApiUrls urls) => ApiResult.Ok(new CodespaceDefaults(
        AccountJson.Simple(caller.User.UserId, caller.User.Login, isOrganization: false, siteAdmin: false, urls),
        new CodespaceDefaultValues("WestEurope", null)));

    /// <summary>409 as at GitHub; gh ignores it when it wanted the codespace to run.</summary>
    public static ApiError Conflict(string message) => new(409, "CONFLICT", message);

    private static async Task<IResult> ShowAsync(Codespace codespace, Db db, ApiUrls urls, CancellationToken cancellationToken) =>
        ApiResult.Ok(codespace.ToWire(await db.ReadAsync(session => RepositoryOfAsync(session, codespace), cancellationToken), urls));

    /// <summary>Converts a list of codespaces. Reads all their repositories in one query.</summary>
    public static async Task<List<Client.Wire.Codespace>> ToWireAsync(DbSession session, List<Codespace> codespaces, ApiUrls urls)
    {
        var repositories = await RepositoryTable.FindAsync(session, codespaces.Select(codespace => codespace.RepositoryId).OfType<long>());
        return codespaces.ConvertAll(codespace => codespace.ToWire(repositories.GetValueOrDefault(codespace.RepositoryId ?? 0), urls));
    }

    private static async Task<RepositoryRow?> RepositoryOfAsync(DbSession session, Codespace codespace) =>
        codespace.RepositoryId is { } id ? await RepositoryTable.FindAsync(session, id) : null;
}
