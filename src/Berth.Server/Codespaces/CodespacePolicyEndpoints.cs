using System.Text.Json;
using Berth.Client.Wire;
using Berth.Server.Api;
using Berth.Server.Api.Bodies;
using Berth.Server.Api.Description;
using Berth.Server.Audit;
using Berth.Server.Database;
using Berth.Server.Organizations;

namespace Berth.Server.Codespaces;

/// <summary>The rules that an organization sets for the codespaces of its repositories.</summary>
internal static class CodespacePolicyEndpoints
{
    public static void MapCodespacePolicies(this IEndpointRouteBuilder api)
    {
        api.MapRead("/orgs/{org}/settings/codespaces", GetAsync).Requires(ApiNeed.OrganizationMember, "read:org")
            .Does("Get what an organization settles for codespaces").Gives<CodespacePolicy>();
        api.MapPatch("/orgs/{org}/settings/codespaces", ChangeAsync).Requires(ApiNeed.OrganizationOwner, "admin:org")
            .Does("Change what an organization settles for codespaces").Takes<CodespacePolicyChange>().Gives<CodespacePolicy>();
    }

    private static async Task<IResult> GetAsync(OrganizationAccess access, Db db, CancellationToken cancellationToken) =>
        ApiResult.Ok(await db.ReadAsync(
            session => session.SingleAsync<CodespacePolicy>(
                "select export_registry_secrets, git_credentials_inside from organizations where account_id = @id",
                new { id = access.Organization.Id }),
            cancellationToken));

    private static async Task<IResult> ChangeAsync(
        HttpRequest request, ApiCaller caller, OrganizationAccess access, Db db, AuditLog audit, CancellationToken cancellationToken)
    {
        var wanted = await RequestBody.ReadAsync<CodespacePolicyChange>(request, "Organization", cancellationToken);
        await db.WriteAsync(
            async session =>
            {
                await OrganizationTable.SetCodespacePolicyAsync(
                    session, access.Organization.Id, wanted.ExportRegistrySecrets, wanted.GitCredentialsInside);
                await audit.RecordAsync(
                    session, caller.Actor,
                    AuditEntry.In(access.Organization, "org.update_codespace_settings") with
                    {
                        New = JsonSerializer.Serialize(wanted, BerthJson.Wire.Of<CodespacePolicyChange>()),
                    });
            },
            cancellationToken);
        return await GetAsync(access, db, cancellationToken);
    }
}
