using System.Text.Json.Serialization;

namespace Berth.Client.Wire;

/// <summary>A rotation of the server's master key. Keys are named by the first four bytes of their fingerprints.</summary>
public sealed record MasterKeyRotation
{
    /// <summary><c>none</c> (there never was one), <c>running</c> or <c>finished</c>.</summary>
    public required string State { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? From { get; init; }

    /// <summary>The present key.</summary>
    public required string To { get; init; }

    /// <summary>The number of rows wrapped anew.</summary>
    public long Done { get; init; }

    public long Total { get; init; }

    /// <summary>The number of rows that no key in the file opens.</summary>
    public long Failed { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public DateTimeOffset? StartedAt { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public DateTimeOffset? FinishedAt { get; init; }
}

/// <summary>Begins a rotation.</summary>
/// <param name="SingleServer">No other server uses the database, so the new key may be made here.</param>
public sealed record NewKeyRotation(bool SingleServer) : IRequestBody;
