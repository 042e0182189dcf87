using Berth.Server.Access;
using Berth.Server.Api;
using Berth.Server.Registries;
using Berth.Server.Registries.Remote;
using Berth.Server.Database;
using Berth.Server.Http;
using Berth.Server.Oci;

namespace Berth.Server.Secrets.RegistryChecks;

/// <summary>Checks of registry logins: as typed, as a codespace would get them, and of one owner's set.</summary>
internal static class RegistryCheckEndpoints
{
    /// <summary>Of the answer to a PUT of a secret that belongs to a complete set: where the result of its check is.</summary>
    public const string Header = "Berth-Registry-Check";

    private const string Resource = "RegistryCheck";

    public static void MapRegistryChecks(this IEndpointRouteBuilder api) => api.MapPost("/registry-check", PostAsync).Requires(ApiNeed.User, "codespace");

    private static async Task<IResult> PostAsync(
        HttpRequest request, ApiCaller caller, Db db, CodespaceSecrets secrets, CheckRegistry check, CheckLimits limits, CancellationToken cancellationToken)
    {
        var body = await JsonBody.ReadAsync(request, Resource, cancellationToken);
        var image = ImageOf(body);
        var prefix = body.Text("secret_prefix")?.ToUpperInvariant();
        var repository = body.Text("repository");
        if (!body.Has("server"))
        {
            if (prefix is null && repository is null)
            {
                body.Fault("server", "missing_field", "give server, username and password, or secret_prefix, or repository, or both");
            }

            body.Validate();
            var (resolved, known) = await SetsAsync(db, secrets, caller, repository, cancellationToken);
            return ApiResult.Ok(await limits.WithinAsync(caller.User.UserId, () => check.SetsAsync(resolved, known, prefix, image, cancellationToken), cancellationToken));
        }

        var server = ServerOf(body);
        var (user, password) = (Pasted(body.Text("username", longest: 1024)), Pasted(body.Text("password", longest: PutSecret.LargestValue)));
        if ((user is null) != (password is null))
        {
            body.Fault(user is null ? "username" : "password", "missing_field", "username and password go together");
        }

        if (server is not null && image is not null && !server.Covers(image.Host, image.Path))
        {
            body.Fault("image", "invalid", $"{image} is no image of {server}");
        }

        body.Validate();
        return ApiResult.Ok(await limits.WithinAsync(
            caller.User.UserId, () => check.TypedAsync(server!, user, password, image, cancellationToken), cancellationToken));
    }

    /// <summary>The result of the check that began when the set was stored. Those who may change the secret may know it.</summary>
    public static async Task<IResult> OfSecretAsync(
        string secret, HttpContext http, ApiCaller caller, Db db, CompletedLogins sets, CheckLimits limits, ApiUrls urls, CancellationToken cancellationToken)
    {
        var (owner, _) = SecretEndpoints.OwnerOf(http, urls);
        if (!SecretName.TryParse(secret, out var name, out _)
            || await db.ReadAsync(session => SecretTable.FindAsync(session, owner, name), cancellationToken) is null)
        {
            return ApiErrors.Hidden(caller.Principal);
        }

        return ResolveLogins.PrefixOf(name.Value) is { } prefix
            ? ApiResult.Ok(await limits.WithinAsync(caller.User.UserId, () => sets.ResultAsync(owner, prefix, cancellationToken), cancellationToken))
            : ApiErrors.Unprocessable("Secret", "name", $"{name.Value} is no part of a registry's login: PREFIX_CONTAINER_REGISTRY_SERVER, _USER or _PASSWORD");
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

        var resolved = await secrets.RegistriesAsync(caller.User.UserId, readable.Repository, cancellationToken);
        return (resolved, KnownLogins.Of(readable.Standing, resolved.Report));
    }

    private static async Task<PersonOnRepository?> FindAsync(DbSession session, string fullName, long userId)
    {
        var slash = fullName.IndexOf('/', StringComparison.Ordinal);
        return slash > 0 ? await AccessDecisions.RepositoryAsync(session, userId, fullName[..slash], fullName[(slash + 1)..]) : null;
    }

    private static RemoteImage? ImageOf(JsonBody body)
    {
        if (body.Text("image", longest: 512) is not { } text)
        {
            return null;
        }

        if (ImageReference.TryParseFamiliar(CopiedText.Clean(text), out var image))
        {
            return RemoteImage.Of(image);
        }

        body.Fault("image", "invalid", $"'{text}' is no image such as registry.example/owner/image:tag");
        return null;
    }

    private static RegistryServer? ServerOf(JsonBody body)
    {
        if (body.Text("server", required: true, longest: 512) is not { } text)
        {
            return null;
        }

        if (RegistryServer.TryParse(CopiedText.Clean(text), out var server, out var fault))
        {
            return server;
        }

        body.Fault("server", "invalid", $"server: {fault}");
        return null;
    }

    /// <summary>As a secret's value is read when a codespace starts; nothing but white space is no value.</summary>
    private static string? Pasted(string? text) => text is not null && CopiedText.Clean(text) is { Length: > 0 } clean ? clean : null;
}
