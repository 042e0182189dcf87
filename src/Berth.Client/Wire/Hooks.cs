using System.Text.Json;
using System.Text.Json.Serialization;

namespace Berth.Client.Wire;

/// <summary>A webhook of a repository or an organization, in GitHub's form.</summary>
public sealed record Hook
{
    public required string Type { get; init; }

    public required long Id { get; init; }

    /// <summary>Always <c>web</c>.</summary>
    public required string Name { get; init; }

    public required bool Active { get; init; }

    public required IReadOnlyList<string> Events { get; init; }

    public required HookConfig Config { get; init; }

    public required DateTimeOffset CreatedAt { get; init; }

    public required DateTimeOffset UpdatedAt { get; init; }

    public required string Url { get; init; }

    public required string PingUrl { get; init; }

    public required string DeliveriesUrl { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public HookResponse? LastResponse { get; init; }
}

/// <summary>The result of the newest delivery.</summary>
public sealed record HookResponse
{
    public int? Code { get; init; }

    public required string Status { get; init; }

    public string? Message { get; init; }
}

/// <summary>Where a hook sends, and how. In a change, what is left out stays as it is.</summary>
public sealed record HookConfig : IRequestBody
{
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    [Longest(2000)]
    public string? Url { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    [OneOf("json", "form")]
    public string? ContentType { get; init; }

    /// <summary>Signs the deliveries. Answers contain only stars, since it is never shown.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Secret { get; init; }

    /// <summary>Always <c>0</c>, since certificates are verified.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? InsecureSsl { get; init; }

    /// <summary><c>github</c>, or <c>cloudevents</c>: structured JSON of CloudEvents 1.0.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    [OneOf("github", "cloudevents")]
    public string? Format { get; init; }
}

/// <summary>A new hook, or changes to a hook. In a change, what is left out stays as it is.</summary>
public sealed record HookChange : IRequestBody
{
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Name { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public bool? Active { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<string>? Events { get; init; }

    /// <summary>Added to the hook's present events, or to those of <see cref="Events"/>.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<string>? AddEvents { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<string>? RemoveEvents { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public HookConfig? Config { get; init; }
}

/// <summary>One message that was sent, or waits to be sent again.</summary>
public sealed record HookDelivery
{
    public required long Id { get; init; }

    public required string Guid { get; init; }

    /// <summary>When it was last tried. Null before the first attempt.</summary>
    public DateTimeOffset? DeliveredAt { get; init; }

    public required bool Redelivery { get; init; }

    /// <summary>Seconds.</summary>
    public required double Duration { get; init; }

    /// <summary><c>OK</c>, or what went wrong.</summary>
    public required string Status { get; init; }

    /// <summary>0 as long as there was no answer.</summary>
    public required int StatusCode { get; init; }

    public required string Event { get; init; }

    public string? Action { get; init; }

    /// <summary>The number of attempts.</summary>
    public required int Attempts { get; init; }

    /// <summary>When it is tried again. Null when it will not be.</summary>
    public DateTimeOffset? NextAttemptAt { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Url { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public HookRequest? Request { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public HookAnswer? Response { get; init; }
}

/// <summary>What was sent. Only in the answer about one delivery.</summary>
public sealed record HookRequest
{
    public IReadOnlyDictionary<string, string>? Headers { get; init; }

    public JsonElement? Payload { get; init; }
}

/// <summary>The part of the receiver's answer that is kept.</summary>
public sealed record HookAnswer
{
    public IReadOnlyDictionary<string, string>? Headers { get; init; }

    public string? Payload { get; init; }
}
