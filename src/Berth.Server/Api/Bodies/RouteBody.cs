namespace Berth.Server.Api.Bodies;

/// <summary>The record that a handler reads its body as, or the media type of a body that is no JSON.</summary>
internal sealed record RouteBody(Type? Record, string MediaType)
{
    /// <summary>Fields that another route with this record can do without, and this one cannot.</summary>
    public IReadOnlyList<string> Required { get; init; } = [];
}
