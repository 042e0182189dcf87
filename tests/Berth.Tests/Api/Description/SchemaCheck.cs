using System.Globalization;
using System.Text.Json;

namespace Berth.Tests.Api.Description;

/// <summary>
/// Checks a value against a schema, for the words of JSON Schema that the document uses. Another word is a fault of the test. In one point
/// it is stricter than the specification: a property that no schema names is a fault, because nobody has described it.
/// </summary>
internal sealed class SchemaCheck(JsonElement document)
{
    private static readonly HashSet<string> Known = new(StringComparer.Ordinal)
    {
        "$ref", "type", "properties", "required", "items", "additionalProperties", "enum", "anyOf", "format", "description", "default",
        "maxLength", "minLength", "maxItems", "minimum", "maximum",
    };

    /// <summary>The faults, each with its place.</summary>
    public IEnumerable<string> Faults(JsonElement value, JsonElement schema, string place = "$")
    {
        var word = schema.EnumerateObject().Select(property => property.Name).FirstOrDefault(name => !Known.Contains(name));
        if (word is not null)
        {
            return [$"{place}: the test does not know the word {word}"];
        }

        if (schema.TryGetProperty("$ref", out var reference))
        {
            return Faults(value, Resolve(reference.GetString()!), place);
        }

        if (schema.TryGetProperty("anyOf", out var choices))
        {
            var all = choices.EnumerateArray().Select(choice => Faults(value, choice, place).ToList()).ToList();
            return all.Exists(faults => faults.Count == 0) ? [] : all[0];
        }

        return Here(value, schema, place);
    }

    public JsonElement Resolve(string reference)
    {
        var at = document;
        foreach (var step in reference.Split('/').Skip(1))
        {
            at = at.GetProperty(step);
        }

        return at;
    }

    private IEnumerable<string> Here(JsonElement value, JsonElement schema, string place)
    {
        if (schema.TryGetProperty("type", out var type) && !IsOf(value, type))
        {
            return [$"{place}: {Short(value)} is no {type}"];
        }

        if (schema.TryGetProperty("enum", out var words) && !words.EnumerateArray().Any(one => JsonElement.DeepEquals(one, value)))
        {
            return [$"{place}: {Short(value)} is none of {words}"];
        }

        if (schema.TryGetProperty("format", out var format) && format.GetString() == "date-time"
            && value.ValueKind == JsonValueKind.String
            && !DateTimeOffset.TryParseExact(
                value.GetString(), "yyyy-MM-ddTHH:mm:ssZ", CultureInfo.InvariantCulture, DateTimeStyles.None, out _))
        {
            return [$"{place}: {Short(value)} is no time"];
        }

        return value.ValueKind switch
        {
            JsonValueKind.Object => InObject(value, schema, place),
            JsonValueKind.Array when schema.TryGetProperty("items", out var items) =>
                value.EnumerateArray().Index().SelectMany(item => Faults(item.Item, items, $"{place}[{item.Index}]")),
            _ => [],
        };
    }

    private IEnumerable<string> InObject(JsonElement value, JsonElement schema, string place)
    {
        var described = schema.TryGetProperty("properties", out var properties);
        if (schema.TryGetProperty("required", out var required))
        {
            foreach (var name in required.EnumerateArray().Where(name => !value.TryGetProperty(name.GetString()!, out _)))
            {
                yield return $"{place} lacks {name}";
            }
        }

        foreach (var one in value.EnumerateObject())
        {
            if (described && properties.TryGetProperty(one.Name, out var of))
            {
                foreach (var fault in Faults(one.Value, of, $"{place}.{one.Name}"))
                {
                    yield return fault;
                }
            }
            else if (schema.TryGetProperty("additionalProperties", out var others))
            {
                foreach (var fault in Faults(one.Value, others, $"{place}.{one.Name}"))
                {
                    yield return fault;
                }
            }
            else if (described)
            {
                yield return $"{place}.{one.Name} is not described";
            }
        }
    }

    private static bool IsOf(JsonElement value, JsonElement type) =>
        type.ValueKind == JsonValueKind.Array
            ? type.EnumerateArray().Any(one => IsOf(value, one))
            : (type.GetString(), value.ValueKind) switch
            {
                ("object", JsonValueKind.Object) or ("array", JsonValueKind.Array) or ("string", JsonValueKind.String)
                    or ("null", JsonValueKind.Null) or ("boolean", JsonValueKind.True or JsonValueKind.False)
                    or ("number", JsonValueKind.Number) => true,
                ("integer", JsonValueKind.Number) => value.TryGetInt64(out _),
                _ => false,
            };

    private static string Short(JsonElement value) =>
        value.GetRawText() is { Length: > 60 } text ? text[..60] + "…" : value.GetRawText();
}
