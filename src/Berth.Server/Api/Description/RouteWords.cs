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
/// What stands on the line of a route for people who have not read its handler. <see cref="ApiDocument"/> makes the OpenAPI document of it;
/// what the code knows already is not said again: path, permission, paging and the errors that every route of its kind has.
/// </summary>
internal static class RouteWords
{
    /// <summary>In a few words, as a heading: <c>List the teams of an organization</c>.</summary>
    public static RouteHandlerBuilder Does(this RouteHandlerBuilder route, string summary) => route.WithSummary(summary);

    /// <summary>The body that the handler reads with <see cref="RequestBody"/>, which reads no other.</summary>
    /// <remarks>Not the framework's <c>Accepts</c>: routing would refuse bodies of other media types, and clients forget theirs.</remarks>
    /// <param name="required">Fields that are optional on another route with this record and required on this one.</param>
    public static RouteHandlerBuilder Takes<T>(this RouteHandlerBuilder route, params string[] required)
        where T : IRequestBody =>
        route.WithMetadata(new RouteBody(typeof(T), "application/json") { Required = required });

    /// <summary>A body that is no JSON.</summary>
    public static RouteHandlerBuilder TakesBytes(this RouteHandlerBuilder route, string mediaType) =>
        route.WithMetadata(new RouteBody(null, mediaType));

    /// <param name="choices">The only allowed values. Empty: any text.</param>
    public static RouteHandlerBuilder Asks(this RouteHandlerBuilder route, string name, string words, params string[] choices) =>
        route.WithMetadata(new RouteQuery(name, words, choices));

    public static RouteHandlerBuilder AsksNumber(this RouteHandlerBuilder route, string name, string words) =>
        route.WithMetadata(new RouteQuery(name, words, []) { IsNumber = true });

    /// <summary>A parameter without which the route answers nothing.</summary>
    public static RouteHandlerBuilder Needs(this RouteHandlerBuilder route, string name, string words, params string[] choices) =>
        route.WithMetadata(new RouteQuery(name, words, choices) { Required = true });

    /// <summary>200 with JSON.</summary>
    public static RouteHandlerBuilder Gives<T>(this RouteHandlerBuilder route) => route.Produces<T>();

    /// <summary>201 with what was made.</summary>
    public static RouteHandlerBuilder Creates<T>(this RouteHandlerBuilder route) => route.Produces<T>(StatusCodes.Status201Created);

    /// <summary>202 with what goes on from now on.</summary>
    public static RouteHandlerBuilder Begins<T>(this RouteHandlerBuilder route) => route.Produces<T>(StatusCodes.Status202Accepted);

    /// <summary>202 without a body.</summary>
    public static RouteHandlerBuilder Begins(this RouteHandlerBuilder route) => route.Produces(StatusCodes.Status202Accepted);

    /// <summary>204.</summary>
    public static RouteHandlerBuilder GivesNothing(this RouteHandlerBuilder route) => route.Produces(StatusCodes.Status204NoContent);

    /// <summary>200 with something that is no JSON.</summary>
    public static RouteHandlerBuilder GivesBytes(this RouteHandlerBuilder route, string mediaType) =>
        route.Produces<Stream>(StatusCodes.Status200OK, mediaType);

    /// <summary>101: the connection goes on as a WebSocket; who asks without one is told so (426).</summary>
    public static RouteHandlerBuilder GivesWebSocket(this RouteHandlerBuilder route) =>
        route.Produces(StatusCodes.Status101SwitchingProtocols).Refuses(StatusCodes.Status426UpgradeRequired);

    /// <summary>An error that other routes of its kind do not have.</summary>
    public static RouteHandlerBuilder Refuses(this RouteHandlerBuilder route, int status) => route.Produces<ErrorBody>(status);
}
