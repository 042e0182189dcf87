namespace Berth.Server.Api.Bodies;

/// <summary>The record that a handler reads its body as, or the media type of a body that is not JSON.</summary>
internal sealed record RouteBody(Type? Record, string MediaType)
{
    /// <summary>Fields that this route requires and another route with this record does not.</summary>
    public IReadOnlyList<string> Required { get; init; } = [];
}
