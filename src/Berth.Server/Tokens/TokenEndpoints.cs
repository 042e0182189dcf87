using Berth.Server.Access;
using Berth.Server.Api;
using Berth.Server.Api.Bodies;
using Berth.Server.Api.Description;
using Berth.Server.Audit;
using Berth.Server.Authentication;
using Berth.Server.Database;

namespace Berth.Server.Tokens;

/// <summary>The routes for a person's own tokens.</summary>
internal static class TokenEndpoints
{
    public static void MapTokens(this IEndpointRouteBuilder api)
    {
        api.MapRead("/user/tokens", ListAsync).Requires(ApiNeed.User)
            .Does("List one's tokens").Gives<List<Client.Wire.Token>>();
        api.MapPost("/user/tokens", CreateAsync).Requires(ApiNeed.User)
            .Does("Make a token").Takes<Client.Wire.NewToken>().Creates<Client.Wire.Token>();
        api.MapDelete("/user/tokens", DeleteAllAsync).Requires(ApiNeed.User)
            .Does("End all of one's tokens").GivesNothing();
        api.MapDelete("/user/tokens/{id}", DeleteAsync).Requires(ApiNeed.User)
            .Does("End a token").GivesNothing();
        api.MapPost("/repos/{owner}/{repo}/workflow-tokens", MintWorkflowTokenAsync).Requires(ApiNeed.RepositoryWriter, "repo")
            .Does("Make a token that stands for a workflow of a repository").Takes<Client.Wire.NewWorkflowToken>()
            .Creates<Client.Wire.WorkflowToken>();
    }

    private static async Task<IResult> ListAsync(
        HttpContext http, ApiCaller caller, Paging paging, Db db, ApiUrls urls, CancellationToken cancellationToken)
    {
        var page = await db.ReadAsync(
            async session => new Page<PersonalTokenRow>(
                await TokenTable.PersonalAsync(session, caller.User.UserId, paging.Size, paging.Offset),
                await TokenTable.CountPersonalAsync(session, caller.User.UserId)),
            cancellationToken);
        return ApiResult.Page(http, paging, page.Select(row => row.ToWire(urls)));
    }

    private static async Task<IResult> CreateAsync(
        HttpRequest request, ApiCaller caller, PersonalTokens tokens, CancellationToken cancellationToken) =>
        ApiResult.Created(await tokens.MintAsync(caller, await TokenRequest.ReadAsync(request, cancellationToken), cancellationToken));

    /// <summary>
    /// Ends all of a person's tokens at once, with the one of this request and the workflow tokens made with them, for a leak when nobody
    /// knows which token leaked. A token cannot end one with more rights.
    /// </summary>
    private static async Task<IResult> DeleteAllAsync(
        ApiCaller caller, Db db, AuditLog audit, CancellationToken cancellationToken)
    {
        var error = await db.WriteAsync(
            async session =>
            {
                var stronger = (await TokenTable.ScopesAsync(session, caller.User.UserId)).SelectMany(text => Scopes.Parse(text).Names)
                    .FirstOrDefault(scope => !caller.User.Scopes.Has(scope));
                if (stronger is not null)
                {
                    return ApiErrors.Forbidden(
                        caller.Principal, $"a token ends none that can more than itself, and this one has no {stronger}");
                }

                await TokenTable.DeleteAllAsync(session, caller.User.UserId);
                await audit.RecordAsync(
                    session, caller.Actor,
                    AuditEntry.In(
                        caller.User.UserId, caller.User.Login, "personal_access_token.destroy_all", AuditEntry.User(caller.User.Login)));
                return null;
            },
            cancellationToken);
        return error is null ? ApiResult.NoContent() : error;
    }

    private static async Task<IResult> DeleteAsync(
        string id, ApiCaller caller, PersonalTokens tokens, CancellationToken cancellationToken)
    {
        if (!long.TryParse(id, out var number))
        {
            return ApiErrors.Hidden(caller.Principal);
        }

        return await tokens.RevokeAsync(caller, number, cancellationToken) is { } error ? error : ApiResult.NoContent();
    }

    private static async Task<IResult> MintWorkflowTokenAsync(
        HttpRequest request, ApiCaller caller, RepositoryAccess repository, WorkflowTokens tokens, CancellationToken cancellationToken) =>
        ApiResult.Created(await tokens.MintAsync(
            caller, repository, await RequestBody.ReadAsync<Client.Wire.NewWorkflowToken>(request, "WorkflowToken", cancellationToken),
            cancellationToken));
}
