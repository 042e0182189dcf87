using System.Text.Json;

namespace Berth.Server.Webhooks.Events;

/// <summary>Reads published JSON for a payload. Any part of it may be missing.</summary>
internal static class PayloadJson
{
    public static JsonElement? Property(JsonElement? element, string name) =>
        element is { ValueKind: JsonValueKind.Object } && element.Value.TryGetProperty(name, out var value) ? value : null;

    /// <summary>Empty when there is no such text.</summary>
    public static string Text(JsonElement? element, string name) =>
        Property(element, name) is { ValueKind: JsonValueKind.String } text ? text.GetString()! : "";
}
