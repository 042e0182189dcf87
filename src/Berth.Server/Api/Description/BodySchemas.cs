using System.Text.Json.Nodes;
using Berth.Server.Api.Bodies;

namespace Berth.Server.Api.Description;

/// <summary>JSON Schemas of request bodies, from the rules that read them.</summary>
internal sealed class BodySchemas(WireComments comments)
{
    public JsonObject Of(Type body)
    {
        var schema = Of(BodyField.Of(body));
        if (comments.Of(body) is { } words)
        {
            schema["description"] = words;
        }

        return schema;
    }

    private JsonObject Of(IReadOnlyList<BodyField> fields)
    {
        var properties = new JsonObject();
        foreach (var field in fields.Where(field => field.Refused is null))
        {
            // Null counts as missing, so it is allowed unless the field is required.
            var schema = field.Required ? Of(field.Rule) : JsonSchemas.OrNull(Of(field.Rule));
            if (comments.Of(field.Property.ReflectedType!, field.Property.Name) is { } words)
            {
                schema["description"] = words;
            }

            properties[field.Name] = schema;
        }

        var required = fields.Where(field => field.Required).Select(field => field.Name).ToList();
        var whole = new JsonObject { ["type"] = "object", ["properties"] = properties };
        if (required.Count > 0)
        {
            whole["required"] = JsonSchemas.Words(required);
        }

        return whole;
    }

    private JsonObject Of(BodyRule rule) => rule switch
    {
        TextRule text => Text(text),
        FlagRule => new JsonObject { ["type"] = "boolean" },
        NumberRule number => new JsonObject { ["type"] = "integer", ["minimum"] = number.Least, ["maximum"] = number.Most },
        TimeRule => new JsonObject { ["type"] = "string", ["format"] = "date-time" },
        TextsRule texts => ListOf(
            texts.Arguments ? new JsonObject { ["type"] = "string" }
                : new JsonObject { ["type"] = "string", ["minLength"] = 1, ["maxLength"] = TextsRule.Longest },
            BodyRule.MostListed),
        IdsRule => ListOf(new JsonObject { ["type"] = "integer" }, BodyRule.MostListed),
        InnerRule inner => Of(inner.Fields),
        InnerListRule list => ListOf(Of(list.Fields), InnerListRule.Most),
        _ => throw new InvalidOperationException($"no schema for {rule.GetType().Name}"),
    };

    private static JsonObject ListOf(JsonObject items, int most) =>
        new() { ["type"] = "array", ["items"] = items, ["maxItems"] = most };

    private static JsonObject Text(TextRule rule)
    {
        var schema = new JsonObject { ["type"] = "string" };
        if (rule.Words is { } words)
        {
            schema["enum"] = JsonSchemas.Words(words);
        }
        else
        {
            schema["maxLength"] = rule.Longest;
        }

        return schema;
    }
}
