using Berth.Client.Wire;
using Berth.Server.Api;
using Berth.Server.Api.Bodies;
using Berth.Server.Api.Description;
using Berth.Server.Audit;
using Berth.Server.Http;
using Berth.Server.Cryptography;

namespace Berth.Server.Operations;

/// <summary>The routes by which site administrators begin a rotation of the master key and see its progress.</summary>
internal static class KeyRotationEndpoints
{
    private const string Scope = "site_admin";

    public static void MapKeyRotation(this IEndpointRouteBuilder api)
    {
        api.MapRead("/admin/keys/rotation", GetAsync).Requires(ApiNeed.SiteAdministrator, Scope)
            .Does("Get how far the rotation of the master key is").Gives<MasterKeyRotation>();
        api.MapPost("/admin/keys/rotation", BeginAsync).Requires(ApiNeed.SiteAdministrator, Scope)
            .Does("Begin the rotation of the master key").Takes<NewKeyRotation>().Begins<MasterKeyRotation>();
    }

    private static async Task<IResult> GetAsync(RotateMasterKey rotate, MasterKey masterKey, CancellationToken cancellationToken) =>
        ApiResult.Ok(await rotate.LatestAsync(cancellationToken) is { } rotation
            ? ToWire(rotation)
            : new MasterKeyRotation { State = "none", To = MasterKeyValue.Short(masterKey.Fingerprint) });

    /// <summary>202 with the rotation that has just begun, or was running already.</summary>
    private static async Task<IResult> BeginAsync(
        HttpRequest request, ApiCaller caller, RotateMasterKey rotate, KeyRotationWork work, AuditLog audit,
        CancellationToken cancellationToken)
    {
        var wanted = await RequestBody.ReadAsync<NewKeyRotation>(request, "Rotation", cancellationToken);
        try
        {
            var rotation = await rotate.BeginAsync(
                caller.Principal.Key,
                wanted.SingleServer,
                (session, begun) => audit.RecordAsync(
                    session, caller.Actor,
                    new AuditEntry("site.rotate_master_key")
                    {
                        Old = MasterKeyValue.Short(begun.FromFingerprint),
                        New = MasterKeyValue.Short(begun.ToFingerprint),
                    }),
                cancellationToken);
            work.Wake();
            return Results.Json(ToWire(rotation), BerthJson.Wire.Of<MasterKeyRotation>(), statusCode: StatusCodes.Status202Accepted);
        }
        catch (KeyRotationException exception)
        {
            return Errors.Invalid("Rotation", "single_server", "unprocessable", exception.Message);
        }
    }

    private static MasterKeyRotation ToWire(KeyRotation rotation) => new()
    {
        State = rotation.IsFinished ? "finished" : "running",
        From = MasterKeyValue.Short(rotation.FromFingerprint),
        To = MasterKeyValue.Short(rotation.ToFingerprint),
        Done = rotation.Done,
        Total = rotation.Total,
        Failed = rotation.Failed,
        StartedAt = rotation.StartedAt,
        FinishedAt = rotation.FinishedAt,
    };
}
