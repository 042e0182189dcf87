using Microsoft.Extensions.Options;

namespace Berth.Server;

/// <summary>
/// How every route of the server is mapped. The framework compiles what reads a handler's parameters when the server starts, which for
/// hundreds of routes takes longer than everything else of a start; here it is compiled when the route is asked for the first time. These
/// methods have the framework's names and, as extensions of an enclosing namespace, go before them.
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

    /// <summary>A route for these methods. Its metadata names the handler's method, as the framework's own routes do.</summary>
    public static RouteHandlerBuilder MapMethods(
        this IEndpointRouteBuilder app, string pattern, IEnumerable<string> methods, Delegate handler)
    {
        var lazy = new LazyHandler(handler, app.ServiceProvider);
        var route = EndpointRouteBuilderExtensions.MapMethods(app, pattern, methods, lazy.InvokeAsync);
        return new RouteHandlerBuilder([route]).WithMetadata(handler.Method);
    }

    /// <summary>A handler whose parameters are bound by code that its first request makes.</summary>
    internal sealed class LazyHandler(Delegate handler, IServiceProvider services)
    {
        private RequestDelegate? _compiled;

        // Two first requests at once compile it twice, and either serves.
        public Task InvokeAsync(HttpContext http) => (_compiled ??= Compile((RouteEndpoint)http.GetEndpoint()!))(http);

        /// <exception cref="InvalidOperationException">A parameter of the handler can be read from nothing.</exception>
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
