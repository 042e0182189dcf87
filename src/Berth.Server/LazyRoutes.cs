using Microsoft.Extensions.Options;

namespace Berth.Server;

/// <summary>
/// Maps every route of the server. When the server starts, the framework would compile the code that reads a handler's parameters, which
/// for hundreds of routes takes longer than the rest of the start. Here it is compiled at the route's first request. These methods have the
/// framework's names. They take precedence, because they are extensions in an enclosing namespace.
/// </summary>
internal static class LazyRoutes
{
    private static readonly string[] Get = [HttpMethods.Get];
    private static readonly string[] Post = [HttpMethods.Post];
    private static readonly string[] Put = [HttpMethods.Put];
    private static readonly string[] Patch = [HttpMethods.Patch];
    private static readonly string[] Delete = [HttpMethods.Delete];

    public static RouteHandlerBuilder MapGet(this IEndpointRouteBuilder app, string pattern, Delegate handler) =>
        app.MapMethods(pattern, Get, handler);

    public static RouteHandlerBuilder MapPost(this IEndpointRouteBuilder app, string pattern, Delegate handler) =>
        app.MapMethods(pattern, Post, handler);

    public static RouteHandlerBuilder MapPut(this IEndpointRouteBuilder app, string pattern, Delegate handler) =>
        app.MapMethods(pattern, Put, handler);

    public static RouteHandlerBuilder MapPatch(this IEndpointRouteBuilder app, string pattern, Delegate handler) =>
        app.MapMethods(pattern, Patch, handler);

    public static RouteHandlerBuilder MapDelete(this IEndpointRouteBuilder app, string pattern, Delegate handler) =>
        app.MapMethods(pattern, Delete, handler);

    /// <summary>Maps a route for these methods. Its metadata names the handler's method, as the framework's own routes do.</summary>
    public static RouteHandlerBuilder MapMethods(
        this IEndpointRouteBuilder app, string pattern, IEnumerable<string> methods, Delegate handler)
    {
        var lazy = new LazyHandler(handler, app.ServiceProvider);
        var route = EndpointRouteBuilderExtensions.MapMethods(app, pattern, methods, lazy.InvokeAsync);
        return new RouteHandlerBuilder([route]).WithMetadata(handler.Method);
    }

    /// <summary>A handler whose parameters are bound by code that is compiled at its first request.</summary>
    internal sealed class LazyHandler(Delegate handler, IServiceProvider services)
    {
        private RequestDelegate? _compiled;

        // If two first requests arrive at once, both compile it, and either result works.
        public Task InvokeAsync(HttpContext http) => (_compiled ??= Compile((RouteEndpoint)http.GetEndpoint()!))(http);

        /// <exception cref="InvalidOperationException">There is no source for a parameter of the handler.</exception>
        public RequestDelegate Compile(RouteEndpoint endpoint)
        {
            var options = new RequestDelegateFactoryOptions
            {
                ServiceProvider = services,
                RouteParameterNames = endpoint.RoutePattern.Parameters.Select(parameter => parameter.Name),
                DisableInferBodyFromParameters = true,
                ThrowOnBadRequest = services.GetRequiredService<IOptions<RouteHandlerOptions>>().Value.ThrowOnBadRequest,
            };
            return RequestDelegateFactory.Create(handler, options).RequestDelegate;
        }
    }
}
