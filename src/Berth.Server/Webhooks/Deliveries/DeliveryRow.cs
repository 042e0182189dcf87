using System.Text.Json;
using Berth.Client.Wire;

namespace Berth.Server.Webhooks;

/// <summary>A message for a hook, which is sent until it arrives or is given up.</summary>
internal sealed record DeliveryRow
{
    public const string Waiting = "waiting";

    public const string Delivered = "delivered";

    public const string Failed = "failed";

    public long Id { get; init; }

    public long HookId { get; init; }

    /// <summary>The same for every attempt and redelivery, so that receivers recognise a repetition.</summary>
    public string Guid { get; init; } = "";

    public string Event { get; init; } = "";

    public string? Action { get; init; }

    /// <summary>The first event of the change. Null for pings.</summary>
    public long? EventId { get; init; }

    public bool Redelivery { get; init; }

    public string State { get; init; } = Waiting;

    public int Attempts { get; init; }

    /// <summary>When it is due. While a node sends it, when another node may.</summary>
    public DateTimeOffset NextAt { get; init; }

    public DateTimeOffset CreatedAt { get; init; }

    public DateTimeOffset? DeliveredAt { get; init; }

    /// <summary>In milliseconds.</summary>
    public long Duration { get; init; }

    public string Status { get; init; } = "waiting";

    public int StatusCode { get; init; }

    public string? Url { get; init; }

    /// <summary>JSON.</summary>
    public string? RequestHeaders { get; init; }

    /// <summary>JSON.</summary>
    public string? ResponseHeaders { get; init; }

    public string? ResponseBody { get; init; }

    /// <summary>JSON, before it may be written as a form.</summary>
    public string Payload { get; init; } = "";

    public HookDelivery ToWire(bool whole) => new()
    {
        Id = Id,
        Guid = Guid,
        DeliveredAt = DeliveredAt,
        Redelivery = Redelivery,
        Duration = Duration / 1000.0,
        Status = Status,
        StatusCode = StatusCode,
        Event = Event,
        Action = Action,
        Attempts = Attempts,
        NextAttemptAt = State == Waiting ? NextAt : null,
        Url = whole ? Url : null,
        Request = whole
            ? new HookRequest
            {
                Headers = Headers(RequestHeaders),
                Payload = JsonSerializer.Deserialize(Payload, BerthJson.Wire.Of<JsonElement>()),
            }
            : null,
        Response = whole ? new HookAnswer { Headers = Headers(ResponseHeaders), Payload = ResponseBody } : null,
    };

    private static Dictionary<string, string>? Headers(string? json) =>
        json is null ? null : JsonSerializer.Deserialize(json, BerthJson.Wire.Of<Dictionary<string, string>>());
}
