using System.Reflection;
using System.Text.Json.Nodes;
using System.Text.Json.Schema;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using Berth.Client.Wire;
using Berth.Server.Api.Bodies;

namespace Berth.Server.Api.Description;

/// <summary>
/// JSON Schemas of the shared records. Those of answers come from their serializer, <see cref="BerthJson"/>, and those of bodies from the
/// rules that read them, <see cref="BodyField"/>. Each record is written once among the components, and referred to elsewhere.
/// </summary>
internal sealed class WireSchemas
{
    private const string Place = "#/components/schemas/";

    private readonly WireComments _comments = new();
    private readonly BodySchemas _bodies;
    private readonly SortedDictionary<string, JsonObject?> _components = new(StringComparer.Ordinal);
    private readonly JsonSchemaExporterOptions _exporting;

    public WireSchemas()
    {
        _bodies = new BodySchemas(_comments);
        _exporting = new JsonSchemaExporterOptions { TreatNullObliviousAsNonNullable = true, TransformSchemaNode = Transform };
    }

    public JsonObject Answer(Type type) => IsRecord(type) ? Reference(type) : Export(type);

    public JsonObject Body(Type type)
    {
        _components.TryAdd(type.Name, null);
        _components[type.Name] ??= _bodies.Of(type);
        return new JsonObject { ["$ref"] = Place + type.Name };
    }

    /// <summary>All records that were asked for, and the records within them.</summary>
    public JsonObject Components() => new(_components.Select(one => KeyValuePair.Create<string, JsonNode?>(one.Key, one.Value)));

    private static bool IsRecord(Type type) => type.Namespace == typeof(BerthJson).Namespace;

    private JsonObject Reference(Type type)
    {
        // A few records are bodies as well, and bodies may leave out many fields.
        var name = typeof(IRequestBody).IsAssignableFrom(type) ? type.Name + "Answer" : type.Name;
        if (_components.TryAdd(name, null))
        {
            _components[name] = Export(type);
        }

        return new JsonObject { ["$ref"] = Place + name };
    }

    private JsonObject Export(Type type) =>
        BerthJson.Wire.Options.GetTypeInfo(type).GetJsonSchemaAsNode(_exporting) as JsonObject ?? [];

    private JsonNode Transform(JsonSchemaExporterContext context, JsonNode node)
    {
        var type = Nullable.GetUnderlyingType(context.TypeInfo.Type) ?? context.TypeInfo.Type;
        if (context.Path.Length == 0 && IsRecord(type))
        {
            return Whole(context.TypeInfo, (JsonObject)node);
        }

        var schema = IsRecord(type) ? Reference(type)
            : type == typeof(DateTimeOffset) ? new JsonObject { ["type"] = "string", ["format"] = "date-time" }
            : node as JsonObject ?? [];
        return context.PropertyInfo is { AttributeProvider: PropertyInfo property } json
            ? OfProperty(schema, property, nullable: json.IsGetNullable && !MayBeAbsent(json))
            : schema;
    }

    /// <summary>A record itself. Properties that are always written are required.</summary>
    private JsonObject Whole(JsonTypeInfo type, JsonObject schema)
    {
        schema["required"] = JsonSchemas.Words(
            type.Properties.Where(property => property.Get is not null && !MayBeAbsent(property)).Select(property => property.Name));
        if (_comments.Of(type.Type) is { } words)
        {
            schema["description"] = words;
        }

        return schema;
    }

    private JsonObject OfProperty(JsonObject schema, PropertyInfo property, bool nullable)
    {
        if (schema["type"] is JsonArray types)
        {
            schema["type"] = types.First(one => (string?)one != "null")!.DeepClone();
        }

        if (property.GetCustomAttribute<OneOfAttribute>() is { } oneOf)
        {
            schema["enum"] = JsonSchemas.Words(oneOf.Words);
        }

        if (nullable)
        {
            schema = JsonSchemas.OrNull(schema);
        }

        if (_comments.Of(property.ReflectedType ?? property.DeclaringType!, property.Name) is { } words)
        {
            schema["description"] = words;
        }

        return schema;
    }

    private static bool MayBeAbsent(JsonPropertyInfo property) =>
        property.AttributeProvider?.IsDefined(typeof(JsonIgnoreAttribute), inherit: true) ?? false;
}
