using System.Reflection;
using Berth.Server.Access;
using Berth.Server.Api;
using Berth.Server.Database;

namespace Berth.Server.Npm.Authorization;

/// <summary>Metadata of a route of the npm registry: what its caller must be allowed to do.</summary>
/// <param name="Needs">What the route needs on the package that it names. Null: it names no package.</param>
/// <param name="Writes">Whether it changes packages. A read-only registry refuses such routes.</param>
internal sealed record NpmRoute(PackageAction? Needs, bool Writes)
{
    /// <summary>
    /// The mark of the REST API that decides instead, for routes that are not about packages: organizations, teams, tokens.
    /// </summary>
    public ApiRoute? Api { get; init; }

    /// <summary>
    /// The caller is not signed in yet. npm sends its old token anyway, and that token may have ended, which is why the person signs in.
    /// </summary>
    public bool SignsIn { get; init; }
}

internal static class NpmRouteExtensions
{
    /// <summary>The gate refuses the request before binding unless the caller may do this to the package <c>@{scope}/{name}</c>.</summary>
    public static RouteHandlerBuilder Requires(this RouteHandlerBuilder route, PackageAction needs) =>
        route.WithMetadata(new NpmRoute(needs, needs != PackageAction.Pull));

    /// <summary>The gate only finds out who the caller is.</summary>
    public static RouteHandlerBuilder ForAnybody(this RouteHandlerBuilder route) => route.WithMetadata(new NpmRoute(null, Writes: false));

    /// <summary>
    /// Lets callers in by the rules of the REST API, with its refusals. Only users who are signed in are let in, whatever the route does.
    /// </summary>
    public static RouteHandlerBuilder RequiresOfApi(this RouteHandlerBuilder route, ApiNeed need, params string[] scopes) =>
        route.WithMetadata(new NpmRoute(null, Writes: false) { Api = new ApiRoute(need, scopes) });

    /// <summary>Marks a step of signing in. The gate ignores the token that is sent with it.</summary>
    public static RouteHandlerBuilder SignsIn(this RouteHandlerBuilder route) =>
        route.WithMetadata(new NpmRoute(null, Writes: false) { SignsIn = true });
}

/// <summary>The caller. A route that names no package gets only this.</summary>
internal sealed record NpmCaller(Principal Principal, ChangeActor Actor, Generation At)
{
    public static ValueTask<NpmCaller> BindAsync(HttpContext http, ParameterInfo parameter) => ValueTask.FromResult(
        http.Features.Get<NpmCaller>() ?? throw new InvalidOperationException($"{parameter.Member.Name} is not behind the npm gate"));
}

/// <summary>A request to one package that passed the gate. Code without it cannot reach a package.</summary>
internal sealed record NpmAccess(NpmCaller Caller, PackageFacts Facts)
{
    public Principal Principal => Caller.Principal;

    public ChangeActor Actor => Caller.Actor;

    public PackageAddress Address => Facts.Address;

    public Generation At => Caller.At;

    /// <summary>The live package. Null when nothing was published.</summary>
    public long? PackageId => Facts.PackageId;

    public static ValueTask<NpmAccess> BindAsync(HttpContext http, ParameterInfo parameter) => ValueTask.FromResult(
        http.Features.Get<NpmAccess>() ?? throw new InvalidOperationException($"{parameter.Member.Name} is not behind the npm gate"));
}
