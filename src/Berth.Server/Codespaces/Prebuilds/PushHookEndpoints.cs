using System.Security.Cryptography;
using System.Text;
using Berth.Client.Wire;
using Berth.Server.Access;
using Berth.Server.Api;
using Berth.Server.Api.Bodies;
using Berth.Server.Api.Description;
using Berth.Server.Audit;
using Berth.Server.Cryptography;
using Berth.Server.Database;
using Berth.Server.Http;
using Berth.Server.Repositories;
using Microsoft.AspNetCore.Mvc;

namespace Berth.Server.Codespaces.Prebuilds;

/// <summary>
/// The endpoint at which git servers report pushes, in the forms of GitHub, Gitea, Forgejo and GitLab. Only the secret proves who calls.
/// Only the branch or the number of a pull request is used from the message.
/// </summary>
internal static class PushHookEndpoints
{
    private const string Place = "/hooks/pushes/";
    private const string Resource = "PushHook";
    private const string Scope = "repo";
    private const int LeastSecret = 16;

    /// <summary>The actor in the audit log when something is deleted because a git server reports it.</summary>
    private static readonly ChangeActor Teller = ChangeActor.Background("push-hook");

    /// <summary>A push of thousands of commits names each of them.</summary>
    private const int MostBytes = 8 << 20;

    private static readonly ApiError Unknown = new(401, "UNAUTHORIZED", "no repository here has a push hook with this secret");

    /// <param name="codespaces">The path of one repository's codespaces.</param>
    public static void MapPushHook(this IEndpointRouteBuilder api, string codespaces)
    {
        var hook = codespaces + "/prebuild-hook";
        api.MapRead(hook, GetAsync).Requires(ApiNeed.RepositoryAdministrator, Scope)
            .Does("Get the hook that tells of pushes").Gives<PushHook>();
        api.MapPut(hook, PutAsync).Requires(ApiNeed.RepositoryAdministrator, Scope)
            .Does("Make the hook that tells of pushes, or a new secret for it").Takes<NewPushHook>().Gives<PushHook>();
        api.MapDelete(hook, DeleteAsync).Requires(ApiNeed.RepositoryAdministrator, Scope)
            .Does("Delete the hook that tells of pushes").GivesNothing();
    }

    public static void MapPushes(this IEndpointRouteBuilder app) =>
        app.MapPost(Place + "{repository_id}", ReceiveAsync).WithMetadata(new BodyLimit(MostBytes));

    private static async Task<IResult> GetAsync(
        ApiCaller caller, RepositoryAccess access, Db db, ApiUrls urls, CancellationToken cancellationToken) =>
        await db.ReadAsync(session => PushHookTable.FindAsync(session, access.Repository.Id), cancellationToken) is { } row
            ? ApiResult.Ok(ToWire(row, null, urls))
            : ApiErrors.Hidden(caller.Principal);

    private static async Task<IResult> PutAsync(
        HttpRequest request, ApiCaller caller, RepositoryAccess access, Db db, MasterKey masterKey, AuditLog audit, TimeProvider time,
        ApiUrls urls, CancellationToken cancellationToken)
    {
        var wanted = await RequestBody.ReadAsync<NewPushHook>(
            request,
            Resource,
            (hook, faults) =>
            {
                if (hook.Secret is { } given && (given.Length < LeastSecret || given.Any(letter => letter is < ' ' or > '~')))
                {
                    faults.Add(
                        "secret", $"secret must have at least {LeastSecret} printable ASCII characters; without one the server makes it");
                }
            },
            cancellationToken);
        var secret = wanted.Secret ?? RandomNumberGenerator.GetHexString(64, lowercase: true);
        var now = time.GetUtcNow();
        var version = now.ToUnixTimeMilliseconds();
        var row = new PushHookRow
        {
            RepositoryId = access.Repository.Id,
            Version = version,
            Value = Envelope.Seal(Encoding.UTF8.GetBytes(secret), PushHookRow.Identity(access.Repository.Id, version), masterKey),
            CreatedAt = now,
        };
        await db.WriteAsync(
            async session =>
            {
                await PushHookTable.ReplaceAsync(session, row);
                await audit.RecordAsync(session, caller.Actor, AuditEntry.On(access.Repository, "repo.set_push_hook"));
            },
            cancellationToken);
        return ApiResult.Ok(ToWire(row, secret, urls));
    }

    private static async Task<IResult> DeleteAsync(
        ApiCaller caller, RepositoryAccess access, Db db, AuditLog audit, CancellationToken cancellationToken) =>
        await db.WriteAsync(
            async session =>
            {
                var deleted = await PushHookTable.DeleteAsync(session, access.Repository.Id);
                if (deleted)
                {
                    await audit.RecordAsync(session, caller.Actor, AuditEntry.On(access.Repository, "repo.remove_push_hook"));
                }

                return deleted;
            },
            cancellationToken)
            ? ApiResult.NoContent()
            : ApiErrors.Hidden(caller.Principal);

    private static async Task<IResult> ReceiveAsync(
        [FromRoute(Name = "repository_id")] string id, HttpRequest request, Db db, MasterKey masterKey, BeginPrebuild begin,
        IFollowRefs follow, CancellationToken cancellationToken)
    {
        using var body = await ReceivedBody.ReadAsync(
            request, MostBytes, Errors.TooLarge(request.HttpContext, MostBytes), cancellationToken);
        if (!long.TryParse(id, out var repository)
            || await db.ReadAsync(session => PushHookTable.FindAsync(session, repository), cancellationToken) is not { } row
            || !PushEvent.IsSignedWith(
                request.Headers, body.Content, Envelope.Open(row.Value, PushHookRow.Identity(row.RepositoryId, row.Version), masterKey)))
        {
            return Unknown;
        }

        if (PushEvent.GoneRefOf(request.Headers, body.Content) is { } gone)
        {
            await follow.RefGoneAsync(repository, gone, Teller, cancellationToken);
        }

        var begun = 0;
        if (PushEvent.BranchOf(request.Headers, body.Content) is { } branch)
        {
            foreach (var configuration in await db.ReadAsync(
                session => PrebuildConfigurationTable.OfRepositoryAsync(session, repository), cancellationToken))
            {
                if (configuration is { Enabled: true, OnPush: true } && configuration.BranchName == branch
                    && await begin.RunAsync(configuration.Id, PrebuildCause.Push, null, cancellationToken) is not null)
                {
                    begun++;
                }
            }
        }

        return ApiResult.Accepted(new PushHookAnswer(begun));
    }

    private static PushHook ToWire(PushHookRow row, string? secret, ApiUrls urls) => new()
    {
        Url = $"{urls.Html}{Place}{row.RepositoryId}",
        Secret = secret,
        CreatedAt = row.CreatedAt,
    };
}
