using Berth.Client.Wire;
using Berth.Server.Api.Bodies;

namespace Berth.Server.Api.Description;

/// <summary>A parameter that a handler reads from the query.</summary>
/// <param name="Choices">The only allowed values. Empty: any text.</param>
internal sealed record RouteQuery(string Name, string Words, IReadOnlyList<string> Choices)
{
    public bool Required { get; init; }

    public bool IsNumber { get; init; }
}

/// <summary>
/// Describes a route for people who have not read its handler. <see cref="ApiDocument"/> makes the OpenAPI document from it. What the code
/// knows already is not repeated: path, permission, paging and the errors that every route of its kind has.
/// </summary>
internal static class RouteWords
{
    /// <summary>Says in a few words what the route does, as a heading: <c>List the teams of an organization</c>.</summary>
    public static RouteHandlerBuilder Does(this RouteHandlerBuilder route, string summary) => route.WithSummary(summary);

    /// <summary>Declares the body that the handler reads with <see cref="RequestBody"/>, which reads no other.</summary>
    /// <remarks>The framework's <c>Accepts</c> is not used, because routing would then refuse bodies of other media types, and clients
    /// often send a wrong one.</remarks>
    /// <param name="required">Fields that are optional on another route with this record and required on this one.</param>
    public static RouteHandlerBuilder Takes<T>(this RouteHandlerBuilder route, params string[] required)
        where T : IRequestBody =>
        route.WithMetadata(new RouteBody(typeof(T), "application/json") { Required = required });

    /// <summary>Declares a body that is not JSON.</summary>
    public static RouteHandlerBuilder TakesBytes(this RouteHandlerBuilder route, string mediaType) =>
        route.WithMetadata(new RouteBody(null, mediaType));

    /// <param name="choices">The only allowed values. Empty: any text.</param>
    public static RouteHandlerBuilder Asks(this RouteHandlerBuilder route, string name, string words, params string[] choices) =>
        route.WithMetadata(new RouteQuery(name, words, choices));

    public static RouteHandlerBuilder AsksNumber(this RouteHandlerBuilder route, string name, string words) =>
        route.WithMetadata(new RouteQuery(name, words, []) { IsNumber = true });

    /// <summary>Declares a parameter that the route requires.</summary>
    public static RouteHandlerBuilder Needs(this RouteHandlerBuilder route, string name, string words, params string[] choices) =>
        route.WithMetadata(new RouteQuery(name, words, choices) { Required = true });

    /// <summary>Declares a 200 with JSON.</summary>
    public static RouteHandlerBuilder Gives<T>(this RouteHandlerBuilder route) => route.Produces<T>();

    /// <summary>Declares a 201 with what was created.</summary>
    public static RouteHandlerBuilder Creates<T>(this RouteHandlerBuilder route) => route.Produces<T>(StatusCodes.Status201Created);

    /// <summary>Declares a 202 with what has begun.</summary>
    public static RouteHandlerBuilder Begins<T>(this RouteHandlerBuilder route) => route.Produces<T>(StatusCodes.Status202Accepted);

    /// <summary>Declares a 202 without a body.</summary>
    public static RouteHandlerBuilder Begins(this RouteHandlerBuilder route) => route.Produces(StatusCodes.Status202Accepted);

    /// <summary>Declares a 204.</summary>
    public static RouteHandlerBuilder GivesNothing(this RouteHandlerBuilder route) => route.Produces(StatusCodes.Status204NoContent);

    /// <summary>Declares a 200 with something other than JSON.</summary>
    public static RouteHandlerBuilder GivesBytes(this RouteHandlerBuilder route, string mediaType) =>
        route.Produces<Stream>(StatusCodes.Status200OK, mediaType);

    /// <summary>Declares a 101: the connection goes on as a WebSocket. A request without an upgrade gets 426.</summary>
    public static RouteHandlerBuilder GivesWebSocket(this RouteHandlerBuilder route) =>
        route.Produces(StatusCodes.Status101SwitchingProtocols).Refuses(StatusCodes.Status426UpgradeRequired);

    /// <summary>Declares an error that other routes of its kind do not have.</summary>
    public static RouteHandlerBuilder Refuses(this RouteHandlerBuilder route, int status) => route.Produces<ErrorBody>(status);
}
