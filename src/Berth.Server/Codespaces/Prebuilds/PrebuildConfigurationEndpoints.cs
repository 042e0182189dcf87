using Berth.Client.Wire;
using Berth.Server.Api;
using Berth.Server.Api.Bodies;
using Berth.Server.Api.Description;
using Berth.Server.Audit;
using Berth.Server.Codespaces.Devcontainers;
using Berth.Server.Codespaces.Git;
using Berth.Server.Database;
using Berth.Server.Http;
using Microsoft.AspNetCore.Mvc;

namespace Berth.Server.Codespaces.Prebuilds;

/// <summary>The prebuild configurations of a repository. Its admins make them, and everybody who may read it sees them.</summary>
internal static class PrebuildConfigurationEndpoints
{
    private const string Resource = "PrebuildConfiguration";
    private const string Scope = "repo";

    /// <param name="codespaces">The path of one repository's codespaces.</param>
    public static void MapPrebuildConfigurations(this IEndpointRouteBuilder api, string codespaces)
    {
        // GitHub has these only in its web settings.
        var all = codespaces + "/prebuild-configurations";
        var one = all + "/{configuration_id}";
        api.MapRead(all, ListAsync).Requires(ApiNeed.RepositoryReader, Scope)
            .Does("List what of a repository is prebuilt").Gives<Client.Wire.PrebuildConfigurationList>();
        api.MapPost(all, CreateAsync).Requires(ApiNeed.RepositoryAdministrator, Scope)
            .Does("Have a branch prebuilt").Takes<NewPrebuildConfiguration>().Creates<Client.Wire.PrebuildConfiguration>();
        api.MapRead(one, GetAsync).Requires(ApiNeed.RepositoryReader, Scope)
            .Does("Get a configuration of prebuilds").Gives<Client.Wire.PrebuildConfiguration>();
        api.MapPatch(one, ChangeAsync).Requires(ApiNeed.RepositoryAdministrator, Scope)
            .Does("Change a configuration of prebuilds").Takes<NewPrebuildConfiguration>().Gives<Client.Wire.PrebuildConfiguration>();
        api.MapDelete(one, DeleteAsync).Requires(ApiNeed.RepositoryAdministrator, Scope)
            .Does("Delete a configuration with its prebuilds").GivesNothing();
        api.MapPost(one + "/runs", RunAsync).Requires(ApiNeed.RepositoryAdministrator, Scope)
            .Does("Begin a prebuild").Begins<CodespacePrebuild>();
    }

    private static async Task<IResult> ListAsync(
        HttpContext http, RepositoryAccess access, Paging paging, Db db, ApiUrls urls, CancellationToken cancellationToken)
    {
        var all = await db.ReadAsync(
            session => PrebuildConfigurationTable.OfRepositoryAsync(session, access.Repository.Id), cancellationToken);
        paging.WriteLinks(http, all.Count);
        return ApiResult.Ok(new PrebuildConfigurationList(all.Count, [.. paging.Of(all).Items.Select(one => one.ToWire(urls))]));
    }

    private static async Task<IResult> GetAsync(
        [FromRoute(Name = "configuration_id")] string id, ApiCaller caller, RepositoryAccess access, Db db, ApiUrls urls,
        CancellationToken cancellationToken) =>
        ApiResult.Ok((await FindAsync(id, caller, access, db, cancellationToken)).ToWire(urls));

    private static async Task<IResult> CreateAsync(
        HttpRequest request, ApiCaller caller, RepositoryAccess access, Machines machines, Db db, AuditLog audit, TimeProvider time,
        ApiUrls urls, CancellationToken cancellationToken)
    {
        var wanted = await ReadAsync(request, machines, cancellationToken);
        var now = time.GetUtcNow();
        var configuration = new PrebuildConfiguration
        {
            RepositoryId = access.Repository.Id,
            OwnerId = caller.User.UserId,
            Branch = CloneRepository.BranchOf(wanted.Ref) ?? "",
            DevcontainerPath = wanted.DevcontainerPath ?? "",
            Machine = wanted.Machine ?? "",
            OnPush = wanted.OnPush ?? true,
            Schedule = string.IsNullOrEmpty(wanted.Schedule) ? null : wanted.Schedule,
            Enabled = wanted.Enabled ?? true,
            Kept = wanted.RetainedVersions ?? PrebuildConfiguration.UsuallyKept,
            NextRunAt = NextOf(wanted.Schedule, now),
            CreatedAt = now,
        };
        var made = await db.WriteAsync(
            async session =>
            {
                if (await PrebuildConfigurationTable.FindAsync(
                    session, configuration.RepositoryId, configuration.Branch, configuration.DevcontainerPath) is not null)
                {
                    ApiErrors.Exists(Resource, "ref", "this branch and place are prebuilt already; change what is there").Throw();
                }

                var id = await PrebuildConfigurationTable.InsertAsync(session, configuration);
                await audit.RecordAsync(session, caller.Actor, Entry(access, "create", id, configuration));
                return await PrebuildConfigurationTable.FindAsync(session, id);
            },
            cancellationToken);
        return ApiResult.Created(made!.ToWire(urls));
    }

    private static async Task<IResult> ChangeAsync(
        [FromRoute(Name = "configuration_id")] string id, HttpRequest request, ApiCaller caller, RepositoryAccess access, Machines machines,
        Db db, AuditLog audit, TimeProvider time, ApiUrls urls, CancellationToken cancellationToken)
    {
        var before = await FindAsync(id, caller, access, db, cancellationToken);
        var wanted = await ReadAsync(request, machines, cancellationToken);
        var now = time.GetUtcNow();
        var schedule = wanted.Schedule is null ? before.Schedule : wanted.Schedule.Length == 0 ? null : wanted.Schedule;
        var after = before with
        {
            OwnerId = caller.User.UserId,
            OwnerLogin = caller.User.Login,
            Machine = wanted.Machine ?? before.Machine,
            OnPush = wanted.OnPush ?? before.OnPush,
            Schedule = schedule,
            Enabled = wanted.Enabled ?? before.Enabled,
            Kept = wanted.RetainedVersions ?? before.Kept,
            NextRunAt = schedule == before.Schedule && before.NextRunAt > now ? before.NextRunAt : NextOf(schedule, now),
            UpdatedAt = now,
        };
        await db.WriteAsync(
            async session =>
            {
                await PrebuildConfigurationTable.UpdateAsync(session, after);
                await audit.RecordAsync(session, caller.Actor, Entry(access, "update", after.Id, after));
            },
            cancellationToken);
        return ApiResult.Ok(after.ToWire(urls));
    }

    private static async Task<IResult> DeleteAsync(
        [FromRoute(Name = "configuration_id")] string id, ApiCaller caller, RepositoryAccess access, Db db, AuditLog audit,
        TimeProvider time, Reconciler reconciler, CancellationToken cancellationToken)
    {
        var configuration = await FindAsync(id, caller, access, db, cancellationToken);
        var now = time.GetUtcNow();
        var gone = await db.WriteAsync(
            async session =>
            {
                var all = await PrebuildTable.OfConfigurationAsync(session, configuration.Id);
                foreach (var prebuild in all)
                {
                    await CodespaceTable.WantDeletionAsync(session, prebuild.Id, now);
                }

                await PrebuildConfigurationTable.DeleteAsync(session, configuration.Id);
                await audit.RecordAsync(session, caller.Actor, Entry(access, "destroy", configuration.Id, configuration));
                return all;
            },
            cancellationToken);
        gone.ForEach(prebuild => reconciler.Wake(prebuild.Id));
        return ApiResult.NoContent();
    }

    private static async Task<IResult> RunAsync(
        [FromRoute(Name = "configuration_id")] string id, ApiCaller caller, RepositoryAccess access, BeginPrebuild begin, Db db,
        ApiUrls urls, CancellationToken cancellationToken)
    {
        var configuration = await FindAsync(id, caller, access, db, cancellationToken);
        return await begin.RunAsync(configuration.Id, PrebuildCause.Manual, caller.Actor, cancellationToken) is { } prebuild
            ? ApiResult.Accepted(prebuild.ToWire(access.Repository, configuration.DefaultBranch, urls))
            : ApiErrors.Hidden(caller.Principal);
    }

    private static AuditEntry Entry(RepositoryAccess access, string action, long id, PrebuildConfiguration configuration) =>
        AuditEntry.On(access.Repository, "prebuild_configuration." + action, PrebuildConfiguration.Subject(id)) with
        {
            New = configuration.Branch.Length == 0 ? null : configuration.Branch,
        };

    private static async Task<PrebuildConfiguration> FindAsync(
        string id, ApiCaller caller, RepositoryAccess access, Db db, CancellationToken cancellationToken) =>
        long.TryParse(id, out var number)
            && await db.ReadAsync(
                session => PrebuildConfigurationTable.FindAsync(session, access.Repository.Id, number), cancellationToken) is { } found
            ? found
            : throw new ApiException(ApiErrors.Hidden(caller.Principal));

    private static Task<NewPrebuildConfiguration> ReadAsync(
        HttpRequest request, Machines machines, CancellationToken cancellationToken) =>
        RequestBody.ReadAsync<NewPrebuildConfiguration>(
            request,
            Resource,
            (wanted, faults) =>
            {
                if (wanted.Ref is { Length: > 0 } && !GitReference.IsName(GitReference.Short(wanted.Ref)))
                {
                    faults.Add("ref", "ref must be the name of a branch");
                }

                if (wanted.DevcontainerPath is { Length: > 0 } path && !DevcontainerFile.IsPlace(path))
                {
                    faults.Add(
                        "devcontainer_path",
                        "devcontainer_path must be .devcontainer/devcontainer.json, .devcontainer.json or "
                            + ".devcontainer/FOLDER/devcontainer.json");
                }

                if (wanted.Machine is { Length: > 0 } machine && machines.Find(machine) is null)
                {
                    faults.Add(
                        "machine", $"machine: this server offers {string.Join(", ", machines.Offered.Select(offered => offered.Name))}");
                }

                if (wanted.Schedule is { Length: > 0 } schedule && PrebuildSchedule.Parse(schedule) is null)
                {
                    faults.Add("schedule", $"schedule must be {PrebuildSchedule.Form}");
                }
            },
            cancellationToken);

    private static DateTimeOffset? NextOf(string? schedule, DateTimeOffset now) =>
        string.IsNullOrEmpty(schedule) ? null : PrebuildSchedule.Parse(schedule)?.After(now);
}
