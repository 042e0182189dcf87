using Berth.Client.Wire;
using Berth.Server.Access;
using Berth.Server.Api;
using Berth.Server.Api.Bodies;
using Berth.Server.Api.Description;
using Berth.Server.Registries;
using Berth.Server.Registries.Remote;
using Berth.Server.Database;
using Berth.Server.Http;
using Berth.Server.Oci;

namespace Berth.Server.Secrets.RegistryChecks;

/// <summary>The routes that check registry logins: as typed, as a codespace would get them, and one owner's set.</summary>
internal static class RegistryCheckEndpoints
{
    /// <summary>
    /// A header of the answer to a PUT of a secret that belongs to a complete set. It says where the result of the check is.
    /// </summary>
    public const string Header = "Berth-Registry-Check";

    private const string Resource = "RegistryCheck";

    public static void MapRegistryChecks(this IEndpointRouteBuilder api) =>
        api.MapPost("/registry-check", PostAsync).Requires(ApiNeed.User, "codespace")
            .Does("Try the login to a registry").Takes<RegistryCheckRequest>().Gives<RegistryCheckReport>().Refuses(429);

    private static async Task<IResult> PostAsync(
        HttpRequest request, ApiCaller caller, Db db, CodespaceSecrets secrets, CheckRegistry check, CheckLimits limits,
        CancellationToken cancellationToken)
    {
        RemoteImage? image = null;
        RegistryServer? server = null;
        var wanted = await RequestBody.ReadAsync<RegistryCheckRequest>(
            request,
            Resource,
            (body, faults) =>
            {
                image = ImageOf(body, faults);
                if (!body.Server.IsNamed && !faults.Has("server"))
                {
                    CheckSets(body, faults);
                    return;
                }

                server = ServerOf(body, faults);
                CheckTyped(body, server, image, faults);
            },
            cancellationToken);
        if (server is null)
        {
            var prefix = wanted.SecretPrefix?.ToUpperInvariant();
            var (resolved, known) = await SetsAsync(db, secrets, caller, wanted.Repository, cancellationToken);
            return ApiResult.Ok(
                await limits.WithinAsync(
                    caller.User.UserId, () => check.SetsAsync(resolved, known, prefix, image, cancellationToken), cancellationToken));
        }

        return ApiResult.Ok(await limits.WithinAsync(
            caller.User.UserId,
            () => check.TypedAsync(server, Pasted(wanted.Username), Pasted(wanted.Password), image, cancellationToken),
            cancellationToken));
    }

    /// <summary>The result of the check that began when the set was stored. Those who may change the secret may see it.</summary>
    public static async Task<IResult> OfSecretAsync(
        string secret, HttpContext http, ApiCaller caller, Db db, CompletedLogins sets, CheckLimits limits, ApiUrls urls,
        CancellationToken cancellationToken)
    {
        var (owner, _) = SecretEndpoints.OwnerOf(http, urls);
        if (!SecretName.TryParse(secret, out var name, out _)
            || await db.ReadAsync(session => SecretTable.FindAsync(session, owner, name), cancellationToken) is null)
        {
            return ApiErrors.Hidden(caller.Principal);
        }

        return ResolveLogins.PrefixOf(name.Value) is { } prefix
            ? ApiResult.Ok(
                await limits.WithinAsync(caller.User.UserId, () => sets.ResultAsync(owner, prefix, cancellationToken), cancellationToken))
            : ApiErrors.Unprocessable(
                "Secret", "name", $"{name.Value} is no part of a registry's login: PREFIX_CONTAINER_REGISTRY_SERVER, _USER or _PASSWORD");
    }

    private static async Task<(ResolvedLogins Resolved, IReadOnlyList<LoginReport> Known)> SetsAsync(
        Db db, CodespaceSecrets secrets, ApiCaller caller, string? repository, CancellationToken cancellationToken)
    {
        if (repository is null)
        {
            var own = await secrets.OfOwnerAsync(SecretOwner.User(caller.User.UserId), null, cancellationToken);
            return (own, own.Report);
        }

        var found = await db.ReadAsync(session => FindAsync(session, repository, caller.User.UserId), cancellationToken);
        if (found is not { } readable || !AccessRules.MayRead(readable.Standing))
        {
            throw new ApiException(ApiErrors.Hidden(caller.Principal));
        }

        var resolved = await secrets.RegistriesAsync(caller.User.UserId, own: true, readable.Repository, cancellationToken);
        return (resolved, KnownLogins.Of(readable.Standing, resolved.Report));
    }

    private static async Task<PersonOnRepository?> FindAsync(DbSession session, string fullName, long userId)
    {
        var slash = fullName.IndexOf('/', StringComparison.Ordinal);
        return slash > 0 ? await AccessDecisions.RepositoryAsync(session, userId, fullName[..slash], fullName[(slash + 1)..]) : null;
    }

    private static void CheckSets(RegistryCheckRequest body, BodyFaults faults)
    {
        if (body.SecretPrefix is null && body.Repository is null)
        {
            faults.Add("server", "give server, username and password, or secret_prefix, or repository, or both", "missing_field");
        }
    }

    private static void CheckTyped(RegistryCheckRequest body, RegistryServer? server, RemoteImage? image, BodyFaults faults)
    {
        var user = Pasted(body.Username);
        if ((user is null) != (Pasted(body.Password) is null))
        {
            faults.Add(user is null ? "username" : "password", "username and password go together", "missing_field");
        }

        if (server is not null && image is not null && !server.Covers(image.Host, image.Path))
        {
            faults.Add("image", $"{image} is no image of {server}");
        }
    }

    private static RemoteImage? ImageOf(RegistryCheckRequest body, BodyFaults faults)
    {
        if (body.Image is not { } text)
        {
            return null;
        }

        if (ImageReference.TryParse(CopiedText.Clean(text), out var image, out _))
        {
            return RemoteImage.Of(image);
        }

        faults.Add("image", $"'{text}' is no image such as registry.example/owner/image:tag");
        return null;
    }

    private static RegistryServer? ServerOf(RegistryCheckRequest body, BodyFaults faults)
    {
        faults.Require("server", body.Server.Value);
        if (body.Server.Value is not { } text || faults.Has("server"))
        {
            return null;
        }

        if (RegistryServer.TryParse(CopiedText.Clean(text), out var server, out var fault))
        {
            return server;
        }

        faults.Add("server", $"server: {fault}");
        return null;
    }

    /// <summary>Reads the text as a start of a codespace reads a secret's value. White space alone is no value.</summary>
    private static string? Pasted(string? text) => text is not null && CopiedText.Clean(text) is { Length: > 0 } clean ? clean : null;
}
