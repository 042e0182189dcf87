using System.Reflection;
using Berth.Server.Access;
using Berth.Server.Database;
using Berth.Server.Oci;

namespace Berth.Server.Registry.Authorization;

/// <summary>Metadata of a registry route: the actions that its caller must be granted on the repository that it names.</summary>
/// <param name="Catalog">The route lists repositories and names none. Its token must have been asked for the list.</param>
internal sealed record RegistryRoute(RegistryActions Needs, bool Catalog = false);

internal static class RegistryRouteExtensions
{
    /// <summary>
    /// The gate refuses the request before binding unless the caller is granted these actions. See <see cref="RegistryGate"/>.
    /// </summary>
    public static RouteHandlerBuilder Requires(this RouteHandlerBuilder route, RegistryActions needs) =>
        route.WithMetadata(new RegistryRoute(needs));

    /// <summary>
    /// Marks a route that lists repositories. The gate requires a token for the catalog, and the handler shows what the caller may pull.
    /// </summary>
    public static RouteHandlerBuilder RequiresCatalog(this RouteHandlerBuilder route) =>
        route.WithMetadata(new RegistryRoute(RegistryActions.None, Catalog: true));
}

/// <summary>The caller who asks for the list of repositories.</summary>
internal sealed record CatalogAccess(Principal Principal)
{
    public static ValueTask<CatalogAccess> BindAsync(HttpContext http, ParameterInfo parameter) => ValueTask.FromResult(
        http.Features.Get<CatalogAccess>()
            ?? throw new InvalidOperationException($"{parameter.Member.Name} is not behind the registry's gate"));
}

/// <summary>
/// A request to one repository that passed the gate. Handlers take it as a parameter, so that code without it cannot reach a package.
/// </summary>
internal sealed class RegistryAccess
{
    /// <summary>The state of the database when the request arrived.</summary>
    public required Generation At { get; init; }

    public required Principal Principal { get; init; }

    /// <summary>The actor that is recorded with what the request changes.</summary>
    public required ChangeActor Actor { get; init; }

    public required ImageName Name { get; init; }

    /// <summary>Owner, package and link as they are now. They say nothing about the caller, whose rights are decided already.</summary>
    public required PackageSubject Facts { get; init; }

    /// <summary>The actions that the caller is granted here, at least those that the route needs.</summary>
    public required RegistryActions Granted { get; init; }

    /// <summary>Null when the request has a password or personal token instead.</summary>
    public RegistryToken? Token { get; init; }

    public bool MayPush => Granted.HasFlag(RegistryActions.Push);

    /// <summary>The live package. Null when nothing has been published under the name.</summary>
    public long? PackageId => Facts.PackageId;

    public static ValueTask<RegistryAccess> BindAsync(HttpContext http, ParameterInfo parameter) => ValueTask.FromResult(
        http.Features.Get<RegistryAccess>()
            ?? throw new InvalidOperationException($"{parameter.Member.Name} is not behind the registry's gate"));
}
