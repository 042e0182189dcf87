using System.Text.Json;

namespace Berth.Server.Webhooks.Events;

/// <summary>Reads what somebody published, which may lack anything, for a payload.</summary>
internal static class PayloadJson
{
    public static JsonElement? Property(JsonElement? element, string name) =>
        element is { ValueKind: JsonValueKind.Object } && element.Value.TryGetProperty(name, out var value) ? value : null;

    /// <summary>Empty where there is no such text.</summary>
    public static string Text(JsonElement? element, string name) =>
        Property(element, name) is { ValueKind: JsonValueKind.String } text ? text.GetString()! : "";
}
