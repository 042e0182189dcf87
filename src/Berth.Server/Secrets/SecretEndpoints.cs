using Berth.Client.Wire;
using Berth.Server.Api;
using Berth.Server.Api.Bodies;
using Berth.Server.Api.Description;
using Berth.Server.Audit;
using Berth.Server.Registries;
using Berth.Server.Database;
using Berth.Server.Secrets.RegistryChecks;

namespace Berth.Server.Secrets;

/// <summary>
/// The routes for secrets of codespaces in GitHub's form, at three levels: the user's own, a repository's, an organization's. No route
/// returns a value.
/// </summary>
internal static class SecretEndpoints
{
    public static void MapSecretRoutes(this IEndpointRouteBuilder api)
    {
        MapLevel(api, "/user/codespaces/secrets", ApiNeed.User, ApiNeed.User, "codespace");
        MapLevel(api, "/repos/{owner}/{repo}/codespaces/secrets", ApiNeed.RepositoryReader, ApiNeed.RepositoryAdministrator, "repo");
        MapLevel(api, "/orgs/{org}/codespaces/secrets", ApiNeed.OrganizationOwner, ApiNeed.OrganizationOwner, "admin:org");
    }

    /// <param name="sealer">Who may have the public key.</param>
    /// <param name="manager">Who may list and change the secrets.</param>
    private static void MapLevel(IEndpointRouteBuilder api, string path, ApiNeed sealer, ApiNeed manager, string scope)
    {
        api.MapRead(path, ListAsync).Requires(manager, scope)
            .Does("List secrets").Gives<SecretList>();
        api.MapRead(path + "/public-key", PublicKeyAsync).Requires(sealer, scope)
            .Does("Get the public key that secrets are sealed for").Gives<SecretPublicKey>();
        api.MapRead(path + "/{secret}", GetAsync).Requires(manager, scope)
            .Does("Get a secret, without its value").Gives<Secret>();
        api.MapRead(path + "/{secret}/registry-check", RegistryCheckEndpoints.OfSecretAsync).Requires(manager, scope)
            .Does("Get the result of the check of the registry login that a secret is part of").Gives<RegistryCheckReport>()
            .Refuses(422).Refuses(429);
        api.MapPut(path + "/{secret}", PutAsync).Requires(manager, scope)
            .Does("Store a secret, or change who may use it").Takes<SecretChange>().Creates<Dictionary<string, string>>().GivesNothing();
        api.MapDelete(path + "/{secret}", DeleteAsync).Requires(manager, scope)
            .Does("Delete a secret").GivesNothing();
        if (manager != ApiNeed.RepositoryAdministrator)
        {
            api.MapSelectionRoutes(path + "/{secret}/repositories", manager, scope);
        }
    }

    private static async Task<IResult> ListAsync(HttpContext http, Paging paging, Db db, ApiUrls urls, CancellationToken cancellationToken)
    {
        var (owner, path) = OwnerOf(http, urls);
        var (rows, total) = await db.ReadAsync(
            async session => (
                await SecretTable.ListAsync(session, owner, paging.Size, (int)Math.Min(paging.Offset, int.MaxValue)),
                await SecretTable.CountAsync(session, owner)),
            cancellationToken);
        paging.WriteLinks(http, total);
        return ApiResult.Ok(new SecretList { TotalCount = total, Secrets = [.. rows.Select(row => ToWire(row, owner, path))] });
    }

    private static async Task<IResult> PublicKeyAsync(HttpContext http, SecretKeys keys, ApiUrls urls, CancellationToken cancellationToken)
    {
        var key = await keys.PublicKeyAsync(OwnerOf(http, urls).Owner, cancellationToken);
        return ApiResult.Ok(new SecretPublicKey
        {
            KeyId = key.Id.ToString(System.Globalization.CultureInfo.InvariantCulture),
            Key = Convert.ToBase64String(key.Key),
        });
    }

    private static async Task<IResult> GetAsync(
        string secret, HttpContext http, ApiCaller caller, Db db, ApiUrls urls, CancellationToken cancellationToken)
    {
        var (owner, path) = OwnerOf(http, urls);
        return SecretName.TryParse(secret, out var name, out _)
            && await db.ReadAsync(session => SecretTable.FindAsync(session, owner, name), cancellationToken) is { } row
            ? ApiResult.Ok(ToWire(row, owner, path))
            : ApiErrors.Hidden(caller.Principal);
    }

    private static async Task<IResult> PutAsync(
        string secret, HttpContext http, ApiCaller caller, PutSecret put, CompletedLogins sets, ApiUrls urls,
        CancellationToken cancellationToken)
    {
        var (owner, path) = OwnerOf(http, urls);
        var named = SecretName.TryParse(secret, out var name, out var fault);
        var wanted = await RequestBody.ReadAsync<SecretChange>(
            http.Request,
            "Secret",
            (_, faults) =>
            {
                if (!named)
                {
                    faults.Add("name", fault!);
                }
            },
            cancellationToken);
        var made = await put.RunAsync(owner, name!, wanted, caller, cancellationToken);
        if (await sets.BeginAsync(owner, name!, cancellationToken))
        {
            http.Response.Headers[RegistryCheckEndpoints.Header] = $"{path}/{name!.Value}/registry-check";
        }

        return made
            ? Results.Json(
                new Dictionary<string, string>(StringComparer.Ordinal), BerthJson.Wire.Of<Dictionary<string, string>>(), statusCode: 201)
            : ApiResult.NoContent();
    }

    private static async Task<IResult> DeleteAsync(
        string secret, HttpContext http, ApiCaller caller, Db db, ApiUrls urls, AuditLog audit, CancellationToken cancellationToken)
    {
        var owner = OwnerOf(http, urls).Owner;
        return SecretName.TryParse(secret, out var name, out _)
            && await db.WriteAsync(
                async session =>
                {
                    var removed = await SecretTable.DeleteAsync(session, owner, name);
                    if (removed)
                    {
                        await audit.RecordAsync(session, caller.Actor, await owner.EntryAsync(session, "remove", name.Value));
                    }

                    return removed;
                },
                cancellationToken)
            ? ApiResult.NoContent()
            : ApiErrors.Hidden(caller.Principal);
    }

    /// <summary>The owner whose secrets a route is about, by what the gate has checked, and their URL.</summary>
    internal static (SecretOwner Owner, string Path) OwnerOf(HttpContext http, ApiUrls urls) =>
        http.Features.Get<RepositoryAccess>() is { } repository
            ? (SecretOwner.Repository(repository.Repository.Id), $"{urls.Repository(repository.Repository.FullName)}/codespaces/secrets")
            : http.Features.Get<OrganizationAccess>() is { } organization
                ? (
                    SecretOwner.Organization(organization.Organization.Id),
                    $"{urls.Organization(organization.Organization.Login)}/codespaces/secrets")
                : (SecretOwner.User(http.Proven<ApiCaller>().User.UserId), $"{urls.Api}/user/codespaces/secrets");

    private static Secret ToWire(SecretRow row, SecretOwner owner, string path) => new()
    {
        Name = row.Name,
        CreatedAt = row.CreatedAt,
        UpdatedAt = row.UpdatedAt,
        Visibility = owner.Level == SecretLevel.Repository ? null : row.Visibility,
        SelectedRepositoriesUrl = owner.Level != SecretLevel.Repository && row.Visibility == "selected"
            ? $"{path}/{row.Name}/repositories"
            : null,
    };
}
