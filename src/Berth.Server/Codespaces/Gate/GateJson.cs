using System.Text.Json;
using System.Text.Json.Nodes;
using Berth.Server.Json;

namespace Berth.Server.Codespaces.Gate;

/// <summary>Reads JSON that came to the gate: one object, no repeated keys, the expected types.</summary>
internal static class GateJson
{
    private static readonly JsonDocumentOptions Strict = new() { AllowDuplicateProperties = false, MaxDepth = 32 };

    public static JsonDocument Parse(byte[] body)
    {
        try
        {
            var document = OutsideJson.Parse(body, Strict);
            if (document.RootElement.ValueKind == JsonValueKind.Object)
            {
                return document;
            }

            document.Dispose();
        }
        catch (OutsideJsonException exception) when (exception.Fault == OutsideJsonFault.NotJson)
        {
            throw new GateRefusedException(400, $"the body is not JSON without repeated keys (line {exception.Line})");
        }
        catch (OutsideJsonException)
        {
            throw new GateRefusedException(400, "the body contains text that is not Unicode");
        }

        throw new GateRefusedException(400, "the body must be a JSON object");
    }

    public static JsonElement.ObjectEnumerator Object(JsonElement value, string name) =>
        value.ValueKind == JsonValueKind.Object ? value.EnumerateObject() : throw Wrong(name, "an object");

    public static string? String(JsonProperty field) => field.Value.ValueKind switch
    {
        JsonValueKind.String => field.Value.GetString(),
        JsonValueKind.Null => null,
        _ => throw Wrong(field.Name, "a string"),
    };

    public static bool Boolean(JsonProperty field) => field.Value.ValueKind switch
    {
        JsonValueKind.True => true,
        JsonValueKind.False or JsonValueKind.Null => false,
        _ => throw Wrong(field.Name, "true or false"),
    };

    /// <summary>The folder that a process starts in, in its one spelling; nobody works in the kernel's own filesystems.</summary>
    public static string? CheckFolder(string? folder) =>
        folder is null or "" ? folder
        : folder[0] == '/' && !folder.Split('/').Contains("..") && ContainerPath.TryParse(folder, out var path) && !path.IsKernels
            ? path.Text
        : throw new GateRefusedException(403, $"WorkingDir: processes do not start in {folder}");

    /// <summary>An array of strings; null stays null, since "no command" and "an empty command" differ.</summary>
    public static JsonArray? Strings(JsonProperty field)
    {
        if (field.Value.ValueKind == JsonValueKind.Null)
        {
            return null;
        }

        if (field.Value.ValueKind != JsonValueKind.Array)
        {
            throw Wrong(field.Name, "an array of strings");
        }

        var array = new JsonArray();
        foreach (var item in field.Value.EnumerateArray())
        {
            array.Add(item.ValueKind == JsonValueKind.String ? item.GetString() : throw Wrong(field.Name, "an array of strings"));
        }

        return array;
    }

    /// <summary>Null, false, zero or empty: what the docker CLI writes for "not set".</summary>
    public static bool IsDefault(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Null or JsonValueKind.False => true,
        JsonValueKind.Number => value.TryGetInt64(out var number) && number == 0,
        JsonValueKind.String => value.GetString()!.Length == 0,
        JsonValueKind.Array => value.EnumerateArray().All(item => item.ValueKind == JsonValueKind.Number && IsDefault(item)),
        JsonValueKind.Object => !value.EnumerateObject().Any(),
        _ => false,
    };

    /// <summary>An object whose fixed members are all not set. Not for maps: in those a key alone says something.</summary>
    public static bool IsUnset(JsonElement value) =>
        IsDefault(value) || (value.ValueKind == JsonValueKind.Object && value.EnumerateObject().All(field => IsDefault(field.Value)));

    private static GateRefusedException Wrong(string name, string type) => new(400, $"{name} must be {type}");
}
