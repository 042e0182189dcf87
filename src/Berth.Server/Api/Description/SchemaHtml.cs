using System.Text;
using System.Text.Json.Nodes;

namespace Berth.Server.Api.Description;

/// <summary>Shows schemas of the document on its page: a type in a word, a record as a table, a body as an example.</summary>
internal static class SchemaHtml
{
    /// <summary>The place of a record on the page.</summary>
    public static string Anchor(string record) => "record-" + record;

    /// <summary><c>list of Account</c>, with a link.</summary>
    public static string Type(JsonNode? schema)
    {
        if (schema is not JsonObject { Count: > 0 } of)
        {
            return "anything";
        }

        if (of["$ref"] is { } reference)
        {
            var name = Name(reference);
            return Html.Link(Anchor(name), name);
        }

        if (of["anyOf"] is JsonArray choices)
        {
            return string.Join(" or ", choices.Select(Type));
        }

        var types = of["type"] switch
        {
            JsonArray several => several.Select(one => (string)one!),
            JsonValue one => [(string)one!],
            _ => [],
        };
        return string.Join(" or ", types.Select(type => type switch
        {
            "array" => "list of " + Type(of["items"]),
            "object" when of["additionalProperties"] is { } values => "map of " + Type(values),
            "string" when (string?)of["format"] == "date-time" => "time",
            "string" when of["enum"] is JsonArray words =>
                string.Join(" | ", words.Where(word => word is not null).Select(word => $"<code>{Html.Escape((string)word!)}</code>")),
            "string" => "text",
            "integer" => "whole number",
            "boolean" => "true or false",
            _ => Html.Escape(type),
        }));
    }

    /// <summary>The properties of a record, and of objects within it.</summary>
    public static void Table(StringBuilder html, JsonNode schema)
    {
        html.Append("<table>");
        Rows(html, schema, "");
        html.Append("</table>");
    }

    /// <summary>The smallest value that the schema accepts.</summary>
    public static JsonNode? Example(JsonNode? schema, Func<string, JsonNode> resolve)
    {
        if (schema?["$ref"] is { } reference)
        {
            // The fields that the route requires in addition are written beside the reference.
            var whole = resolve(Name(reference)).DeepClone();
            whole["required"] = schema["required"]?.DeepClone() ?? whole["required"]?.DeepClone();
            return Example(whole, resolve);
        }

        if (schema?["enum"] is JsonArray words)
        {
            return words[0]?.DeepClone();
        }

        switch (schema?["type"] is JsonArray several ? (string)several[0]! : (string?)schema?["type"])
        {
            case "object":
                var example = new JsonObject();
                var properties = schema!["properties"] as JsonObject ?? [];
                var required = (schema["required"] as JsonArray)?.Select(name => (string)name!).ToHashSet(StringComparer.Ordinal);
                foreach (var (name, of) in required is null ? properties.Take(1) : properties.Where(one => required.Contains(one.Key)))
                {
                    example[name] = Example(of, resolve);
                }

                return example;
            case "array":
                return new JsonArray(Example(schema!["items"], resolve));
            case "integer":
                return 1;
            case "boolean":
                return true;
            case "string":
                return (string?)schema!["format"] == "date-time" ? "2030-01-31T12:00:00Z" : "…";
            default:
                return null;
        }
    }

    public static string Name(JsonNode reference) => ((string)reference!).Split('/')[^1];

    private static void Rows(StringBuilder html, JsonNode schema, string prefix)
    {
        var required = (schema["required"] as JsonArray)?.Select(name => (string)name!).ToHashSet(StringComparer.Ordinal) ?? [];
        foreach (var (name, of) in schema["properties"] as JsonObject ?? [])
        {
            var whole = prefix + name;
            html.Append(
                $"<tr><td><code>{Html.Escape(whole)}</code>{(required.Contains(name) ? " *" : "")}</td><td>{Type(of)}</td>"
                    + $"<td>{Html.Sentence((string?)of?["description"])}</td></tr>");
            var inner = of?["items"] ?? (of?["anyOf"] as JsonArray)?[0] ?? of;
            if (inner?["properties"] is not null)
            {
                Rows(html, inner, whole + (of?["items"] is null ? "." : "[]."));
            }
        }
    }
}
