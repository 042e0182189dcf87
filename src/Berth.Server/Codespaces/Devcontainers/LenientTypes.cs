using System.Text.Json;
using System.Text.Json.Nodes;

namespace Berth.Server.Codespaces.Devcontainers;

/// <summary>
/// Reads properties of a devcontainer.json whose value has the wrong type, as the reference implementation does. A line reports it.
/// </summary>
internal static class LenientTypes
{
    /// <param name="say">Called with how the value is read, if it has the wrong type.</param>
    public static JsonNode? Read(string property, JsonNode? value, Action<string> say) => property switch
    {
        "init" or "overrideCommand" => Truth(value, say),
        _ when property.EndsWith("Command", StringComparison.Ordinal) => Command(value, say),
        _ => value,
    };

    /// <summary>A text is true, whatever it says.</summary>
    private static JsonNode? Truth(JsonNode? value, Action<string> say)
    {
        if (value is null || value.GetValueKind() is JsonValueKind.True or JsonValueKind.False)
        {
            return value;
        }

        var isTrue = value.ToJsonString() is not ("\"\"" or "0");
        say($"is {value.ToJsonString()}, which counts as {(isTrue ? "true" : "false")}, as in the reference: write true or false");
        return isTrue;
    }

    private static JsonNode? Command(JsonNode? value, Action<string> say)
    {
        switch (value)
        {
            case JsonArray words when words.All(word => DevcontainerConfiguration.TextOf(word) is not null):
                return new JsonArray([.. words.Select(word => (JsonNode?)DevcontainerConfiguration.TextOf(word)!)]);
            case JsonObject several:
                var result = new JsonObject();
                foreach (var (name, one) in several)
                {
                    if (one is not JsonObject && Command(one?.DeepClone(), reason => say($"({name}) {reason}")) is { } command)
                    {
                        result[name] = command;
                    }
                    else if (one is JsonObject)
                    {
                        say($"({name}) is left out: it is no text and no list of texts");
                    }
                }

                return result;
            case null:
            case JsonValue when value.GetValueKind() == JsonValueKind.String:
                return value;
            default:
                say("is left out: it is no text, no list of texts, and no object of such");
                return null;
        }
    }
}
