using Berth.Server.Access;
using Berth.Server.Api;
using Berth.Server.Codespaces.Devcontainers;
using Berth.Server.Codespaces.Git;
using Berth.Server.Codespaces.Permissions;
using Berth.Server.Database;
using Berth.Server.Faults;
using Berth.Server.Http;
using Berth.Server.Settings;

namespace Berth.Server.Codespaces;

/// <summary>Makes the row of a new codespace; its start is the reconciler's.</summary>
internal sealed class CreateCodespace(Db db, TimeProvider time, CodespaceHost host, CodespacePermissions permissions, Reconciler reconciler, Machines machines, BerthOptions options)
{
    private const string Resource = "Codespace";

    /// <summary>What a body asks for, GitHub's common fields; those that mean nothing here (location, client_ip) are ignored.</summary>
    public sealed record Wanted(string? Ref, string? DevcontainerPath, string? DisplayName)
    {
        public string? Machine { get; init; }

        public long? IdleTimeoutMinutes { get; init; }

        public long? RetentionPeriodMinutes { get; init; }

        /// <summary>Go without what the configuration asks for beside its own repository.</summary>
        public bool PermissionsOptOut { get; init; }
    }

    public static Wanted Read(JsonBody body, Machines machines)
    {
        var wanted = new Wanted(Ref(body), body.Text("devcontainer_path"), body.Text("display_name", longest: 48))
        {
            Machine = body.Text("machine"),
            IdleTimeoutMinutes = body.Number("idle_timeout_minutes", required: false, 5, 240),
            RetentionPeriodMinutes = body.Number("retention_period_minutes", required: false, 0, Codespace.LongestRetentionMinutes),
            PermissionsOptOut = body.Flag("multi_repo_permissions_opt_out") ?? false,
        };
        if (wanted.DevcontainerPath is { Length: > 0 } path && !DevcontainerFile.IsPlace(path))
        {
            body.Fault("devcontainer_path", "invalid", "devcontainer_path must be .devcontainer/devcontainer.json, .devcontainer.json or .devcontainer/FOLDER/devcontainer.json");
        }

        if (wanted.Machine is { Length: > 0 } machine && machines.Find(machine) is null)
        {
            body.Fault("machine", "invalid", $"machine: this server offers {string.Join(", ", machines.Offered.Select(offered => offered.Name))}");
        }

        return wanted;
    }

    public async Task<Codespace> RunAsync(long userId, string login, RepositoryFacts repository, Wanted wanted, CancellationToken cancellationToken)
    {
        await CodespaceAccessTable.DemandAsync(db, repository, userId, login, cancellationToken);
        if (!wanted.PermissionsOptOut)
        {
            await permissions.DemandAsync(repository, userId, login, wanted.Ref, wanted.DevcontainerPath, cancellationToken);
        }

        var now = time.GetUtcNow();
        var codespace = new Codespace
        {
            Name = CodespaceNames.Create(login, repository.Name),
            DisplayName = wanted.DisplayName,
            OwnerId = userId,
            OwnerLogin = login,
            RepositoryId = repository.Id,
            RepositoryFullName = repository.FullName,
            Ref = wanted.Ref,
            DevcontainerPath = string.IsNullOrEmpty(wanted.DevcontainerPath) ? null : wanted.DevcontainerPath,
            PermissionsOptOut = wanted.PermissionsOptOut,
            Machine = string.IsNullOrEmpty(wanted.Machine) ? machines.Default.Name : wanted.Machine,
            Host = host.Name,
            Desired = CodespaceDesire.Available,
            State = CodespaceState.Queued,
            Attempt = 1,
            IdleTimeoutMinutes = wanted.IdleTimeoutMinutes ?? Codespace.DefaultIdleTimeoutMinutes,
            RetentionPeriodMinutes = wanted.RetentionPeriodMinutes ?? Codespace.LongestRetentionMinutes,
            CreatedAt = now,
            UpdatedAt = now,
            LastUsedAt = now,
        };
        var most = (long)options.MaxCodespacesPerUser;
        var id = await db.WriteAsync(
            async session => await CodespaceTable.CountAsync(session, userId, null) < most ? await CodespaceTable.InsertAsync(session, codespace) : 0, cancellationToken);
        if (id == 0)
        {
            throw new ApiException(new ApiError(403, "FORBIDDEN", $"you have {most} codespaces, which is as many as one user may have here; delete one: berth codespace delete NAME"));
        }

        reconciler.Wake(id);
        return codespace with { Id = id };
    }

    private static string? Ref(JsonBody body)
    {
        if (body.Text("ref") is not { Length: > 0 } text)
        {
            return null;
        }

        try
        {
            return CloneRepository.BranchOf(text);
        }
        catch (FaultException exception)
        {
            body.Fault("ref", "invalid", exception.Message);
            return null;
        }
    }

    public static Task<JsonBody> BodyAsync(HttpRequest request, CancellationToken cancellationToken) => JsonBody.ReadAsync(request, Resource, cancellationToken);
}
