using Berth.Client.Wire;
using Berth.Server.Api;
using Berth.Server.Database;

namespace Berth.Server.Codespaces;

/// <summary>What an organization settles for the codespaces of its repositories.</summary>
internal static class CodespacePolicyEndpoints
{
    public static void MapCodespacePolicies(this IEndpointRouteBuilder api)
    {
        api.MapRead("/orgs/{org}/settings/codespaces", GetAsync).Requires(ApiNeed.OrganizationMember, "read:org");
        api.MapPatch("/orgs/{org}/settings/codespaces", ChangeAsync).Requires(ApiNeed.OrganizationOwner, "admin:org");
    }

    private static async Task<IResult> GetAsync(OrganizationAccess access, Db db, CancellationToken cancellationToken) =>
        ApiResult.Ok(new CodespacePolicy(await db.ReadAsync(
            session => session.SingleAsync<bool>(
                "select export_registry_secrets from organizations where account_id = @id", new { id = access.Organization.Id }),
            cancellationToken)));

    private static async Task<IResult> ChangeAsync(HttpRequest request, OrganizationAccess access, Db db, CancellationToken cancellationToken)
    {
        var body = await JsonBody.ReadAsync(request, "Organization", cancellationToken);
        var export = body.Flag("export_registry_secrets");
        body.Validate();
        if (export is { } value)
        {
            await db.WriteAsync(
                session => session.ExecuteAsync(
                    "update organizations set export_registry_secrets = @value where account_id = @id", new { value, id = access.Organization.Id }),
                cancellationToken);
        }

        return await GetAsync(access, db, cancellationToken);
    }
}
