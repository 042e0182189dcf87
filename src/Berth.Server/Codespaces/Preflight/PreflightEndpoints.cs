using Berth.Client.Wire;
using Berth.Server.Api;
using Berth.Server.Api.Description;
using Berth.Server.Database;
using Berth.Server.Secrets.RegistryChecks;

namespace Berth.Server.Codespaces.Preflight;

/// <summary>The pre-flight of a repository and ref, for everybody who may have codespaces of it.</summary>
internal static class PreflightEndpoints
{
    public static void MapPreflight(this IEndpointRouteBuilder api)
    {
        foreach (var repository in new[] { "/repos/{owner}/{repo}/codespaces", "/repositories/{repository_id}/codespaces" })
        {
            api.MapPost(repository + "/preflight", PostAsync).Requires(ApiNeed.RepositoryUser, "codespace")
                .Does("Look whether a codespace would start, without making it").Takes<NewCodespace>().Gives<PreflightReport>()
                .Refuses(429);
        }
    }

    private static async Task<IResult> PostAsync(
        HttpRequest request, ApiCaller caller, RepositoryAccess access, Db db, RunPreflight preflight, CheckLimits limits,
        Machines machines, CancellationToken cancellationToken)
    {
        var wanted = await CodespaceRequest.ReadAsync<NewCodespace>(request, machines, cancellationToken);
        await CodespaceAccessTable.DemandAsync(db, access.Repository, caller.User.UserId, caller.User.Login, cancellationToken);
        return ApiResult.Ok(await limits.WithinAsync(
            caller.User.UserId,
            () => preflight.RunAsync(caller.User.UserId, caller.User.Login, access.Repository, wanted, cancellationToken),
            cancellationToken));
    }
}
