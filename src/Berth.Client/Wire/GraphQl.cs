namespace Berth.Client.Wire;

/// <summary>A query that clients of GitHub send besides REST.</summary>
public sealed record GraphQlRequest : IRequestBody
{
    [Longest(256 * 1024)]
    public required string Query { get; init; }
}
