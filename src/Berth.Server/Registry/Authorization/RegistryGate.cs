using Berth.Server.Access;
using Berth.Server.Authentication;
using Berth.Server.Database;
using Berth.Server.Http;
using Berth.Server.Oci;
using Berth.Server.Trusts;

namespace Berth.Server.Registry.Authorization;

/// <summary>
/// Decides every registry request before its handler runs. Bad or missing credentials get 401. If the token was not asked for the
/// repository, the action or the source of a mount, the answer is 401 <c>insufficient_scope</c>, and the client asks again. If it was asked
/// for and refused, the answer is 403, whether the package is hidden or missing. Anonymous callers get 401 <c>insufficient_scope</c>
/// instead, since signing in could help.
/// </summary>
internal sealed class RegistryGate(
    RequestDelegate next, RegistryTokens tokens, RegistryPasswords passwords, LoginThrottle throttle, AccessDecisions access,
    Challenge challenge, RegistryOptions options, Db db)
{
    /// <summary>What a request needs on which repository, and the scope that a challenge names for it.</summary>
    private sealed record Asked(HttpContext Http, Generation At, ImageName? Name, RegistryRoute Route, string? Scope)
    {
        public RegistryActions Needs => Route.Needs;
    }

    public async Task InvokeAsync(HttpContext http)
    {
        if (http.GetEndpoint()?.Metadata.GetMetadata<RegistryRoute>() is not { } route)
        {
            await next(http);
            return;
        }

        var error = Closed(route) ?? await AdmitAsync(http, route);
        await (error is null ? next(http) : ErrorWriter.WriteAsync(http, error));
    }

    /// <summary>Refuses what the operator has switched off for everybody.</summary>
    private ApiError? Closed(RegistryRoute route) => options.ContainerRegistry switch
    {
        RegistryOptions.Off =>
            RegistryErrors.Unsupported.Saying("the container registry of this server is switched off") with { Status = 404 },
        RegistryOptions.ReadOnly when (route.Needs & (RegistryActions.Push | RegistryActions.Delete)) != RegistryActions.None =>
            RegistryErrors.Unsupported.Saying("the container registry of this server is read-only: nothing can be pushed or deleted now"),
        _ => null,
    };

    private async Task<ApiError?> AdmitAsync(HttpContext http, RegistryRoute route)
    {
        ImageName? name = null;
        var needs = route.Needs;
        var scope = route.Catalog ? RegistryScope.Catalog : null;
        if (http.Request.RouteValues["name"] is string routeName)
        {
            if (!ImageName.TryParse(routeName.Replace("%2F", "/", StringComparison.Ordinal), out name))
            {
                return RegistryErrors.NameInvalid.With(
                    "a name is owner/image[/more…], lower case letters, digits and . _ - between them, 255 characters at most");
            }

            scope = RegistryScope.Text(name.Value, needs == RegistryActions.Push ? RegistryActions.Pull | RegistryActions.Push : needs)
                + (MountSource(http.Request, name) is { } source ? " " + RegistryScope.Text(source.Value, RegistryActions.Pull) : "");
        }

        var header = http.Request.Headers.Authorization.ToString();
        if (header.Length == 0)
        {
            return challenge.On(RegistryErrors.Unauthorized, scope);
        }

        var bearer = header.StartsWith("Bearer ", StringComparison.OrdinalIgnoreCase) ? header[7..].Trim() : null;
        var asked = new Asked(http, await db.GenerationAsync(http.RequestAborted), name, route, scope);
        return bearer is not null && RegistryTokens.LooksLikeOne(bearer)
            ? await AdmitTokenAsync(asked, bearer)
            : await AdmitCredentialsAsync(asked, header, bearer);
    }

    /// <summary>
    /// The other repository that a request mounts from. A token must have been asked for it too. Clients ask only for what a challenge
    /// names, so without the challenge they would upload what they could have mounted. Null also for a mount that can only become an
    /// upload.
    /// </summary>
    private static ImageName? MountSource(HttpRequest request, ImageName target) =>
        HttpMethods.IsPost(request.Method) && Digest.TryParse(request.Query["mount"].FirstOrDefault(), out _)
            && ImageName.TryParse(request.Query["from"].FirstOrDefault(), out var source) && source.Value != target.Value
            ? source
            : null;

    private async Task<ApiError?> AdmitTokenAsync(Asked asked, string text)
    {
        var (http, at, name, route, scope) = asked;
        if (!tokens.TryVerify(text, out var token))
        {
            return challenge.On(RegistryErrors.Unauthorized.With("the registry token is not valid or has expired"), scope, "invalid_token");
        }

        var principal = token.TokenId is { } id ? await passwords.StillValidAsync(at, id, http.RequestAborted) : Principal.Anonymous;
        if (principal is null)
        {
            return challenge.On(RegistryErrors.Unauthorized.With("the token behind this registry token has ended"), scope, "invalid_token");
        }

        if (name is null)
        {
            return route.Catalog && !token.Catalog ? NotAsked(scope) : AdmitUnnamed(asked, principal);
        }

        var needs = route.Needs;
        if (token.For(name.Value) is not { } grant || (grant.Asked & needs) != needs)
        {
            return NotAsked(scope);
        }

        if ((grant.Granted & needs) != needs)
        {
            return await RefuseAsync(asked, name, principal);
        }

        if (MountSource(http.Request, name) is { } source && token.For(source.Value)?.Asked.HasFlag(RegistryActions.Pull) != true)
        {
            return NotAsked(scope);
        }

        return await AdmitAsync(asked, name, principal, grant.Granted, token);
    }

    private ApiError NotAsked(string? scope) =>
        challenge.On(RegistryErrors.Unauthorized.With($"the registry token was not asked for {scope}"), scope, "insufficient_scope");

    private async Task<ApiError?> AdmitCredentialsAsync(Asked asked, string header, string? bearer)
    {
        var (http, at, name, route, scope) = asked;
        var found = Credentials.TryParse(header, out var credentials);
        if (bearer is not null && Credentials.TryDecode(bearer, out var user, out var decoded))
        {
            credentials = new Credentials("bearer", user, decoded);
        }

        if (!found)
        {
            return challenge.On(
                RegistryErrors.Unauthorized.With("the Authorization header is neither Basic nor Bearer"), scope, "invalid_token");
        }

        var (principal, failure) = await passwords.AuthenticateAsync(http, at, credentials, http.RequestAborted);
        if (principal is null)
        {
            await throttle.FailedAsync(http.Connection.RemoteIpAddress, credentials.UserName, http.RequestAborted);
            return challenge.On(RegistryErrors.Unauthorized.With(failure!), scope, "invalid_token");
        }

        if (name is null)
        {
            return AdmitUnnamed(asked, principal);
        }

        var needs = route.Needs;
        var granted = TokenIssue.Allowed(principal, await access.FactsAsync(at, principal, name.Address, http.RequestAborted));
        return (granted & needs) == needs
            ? await AdmitAsync(asked, name, principal, granted, token: null)
            : await RefuseAsync(asked, name, principal);
    }

    private static ApiError? AdmitUnnamed(Asked asked, Principal principal)
    {
        if (asked.Route.Catalog)
        {
            asked.Http.Features.Set(new CatalogAccess(principal));
        }

        return null;
    }

    private async Task<ApiError?> AdmitAsync(
        Asked asked, ImageName name, Principal principal, RegistryActions granted, RegistryToken? token)
    {
        asked.Http.Features.Set(new RegistryAccess
        {
            At = asked.At,
            Principal = principal,
            Actor = ChangeActor.Of(asked.Http, principal),
            Name = name,
            Granted = granted,
            Token = token,
            Facts = await access.SubjectAsync(asked.At, name.Address, asked.Http.RequestAborted),
        });
        return null;
    }

    private async Task<ApiError> RefuseAsync(Asked asked, ImageName name, Principal principal)
    {
        if (principal is AnonymousPrincipal)
        {
            // Nobody is signed in, and credentials could help, so this is "unauthorized" for missing and hidden repositories alike. RFC
            // 6750 section 3.1: the token is valid, but its scope is too small. Without the code, containerd takes the challenge for a
            // first one and asks again and again.
            var refused = RegistryErrors.Unauthorized.Saying("authentication required: the repository is not public, or does not exist");
            return challenge.On(refused, asked.Scope, "insufficient_scope");
        }

        var action = asked.Needs.HasFlag(RegistryActions.Delete)
            ? PackageAction.Delete
            : asked.Needs.HasFlag(RegistryActions.Push) ? PackageAction.Push : PackageAction.Pull;
        var decision = await access.DecideAsync(principal, name.Address, action, asked.Http.RequestAborted);
        var words = $"requested access to {name.Value} is "
            + $"denied: {principal.Describe()}{(decision.Reason is null ? "" : $"; {decision.Reason}")}";
        return challenge.On(RegistryErrors.Denied.Saying(words) with { Remedy = decision.Remedy }, asked.Scope, "insufficient_scope");
    }
}
