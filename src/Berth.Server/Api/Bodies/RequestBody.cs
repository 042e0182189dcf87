using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using Berth.Client.Wire;
using Berth.Server.Http;

namespace Berth.Server.Api.Bodies;

/// <summary>
/// Reads a request body as the record that clients write it from. The body is an object of limited size and depth without repeated names.
/// Fields with the wrong type and values that the record's attributes do not allow are reported together. Unknown fields are ignored.
/// </summary>
internal static class RequestBody
{
    private const int Deepest = 16;
    private static readonly ApiError TooLarge = Errors.BadRequest(413, "The body is larger than 1 MiB");

    private static readonly JsonSerializerOptions Reading = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        // This concerns only ids. The rules have refused other numbers in quotes.
        NumberHandling = JsonNumberHandling.AllowReadingFromString,
        Converters = { new AnyTime() },
        TypeInfoResolver = BerthJson.Default.WithAddedModifier(NothingIsRequired),
    };

    /// <summary>An empty body counts as an empty object, so that a request with only optional fields needs none.</summary>
    /// <exception cref="ApiException">400: the body is no JSON object. 413: it is larger than 1 MiB. 422: every fault of the
    /// fields.</exception>
    public static Task<T> ReadAsync<T>(HttpRequest request, string resource, CancellationToken cancellationToken)
        where T : class, IRequestBody => ReadAsync<T>(request, resource, (_, _) => { }, cancellationToken);

    /// <inheritdoc cref="ReadAsync{T}(HttpRequest, string, CancellationToken)"/>
    /// <param name="check">Adds the faults that only the caller can find. It sees null for fields that are wrong or missing, even required
    /// ones. In the returned body no required field is null.</param>
    /// <exception cref="InvalidOperationException">The route does not declare this record, so the description of the API would lack it.
    /// This is a bug.</exception>
    public static async Task<T> ReadAsync<T>(
        HttpRequest request, string resource, Action<T, BodyFaults> check, CancellationToken cancellationToken)
        where T : class, IRequestBody
    {
        if (request.HttpContext.GetEndpoint() is { } route && route.Metadata.GetMetadata<RouteBody>()?.Record != typeof(T))
        {
            throw new InvalidOperationException($"the route does not say that it takes a {typeof(T).Name}");
        }

        using var received = await ReceivedBody.ReadAsync(request, BodyLimit.Json, TooLarge, cancellationToken);
        using var document = Parse(received.Content);
        var fields = BodyShape<T>.Fields;
        var faults = new BodyFaults(resource, fields);
        using var usable = new MemoryStream();
        using (var json = new Utf8JsonWriter(usable))
        {
            CopyUsable(document.RootElement, fields, "", json, faults);
        }

        var body = (T)JsonSerializer.Deserialize(usable.GetBuffer().AsSpan(0, (int)usable.Length), Reading.GetTypeInfo(typeof(T)))!;
        check(body, faults);
        faults.Throw();
        return body;
    }

    private static JsonDocument Parse(ReadOnlyMemory<byte> bytes)
    {
        if (bytes.Span.Trim(" \t\r\n"u8).Length == 0)
        {
            bytes = "{}"u8.ToArray();
        }

        try
        {
            var document = JsonDocument.Parse(bytes, new JsonDocumentOptions { MaxDepth = Deepest, AllowDuplicateProperties = false });
            if (document.RootElement.ValueKind == JsonValueKind.Object)
            {
                return document;
            }

            document.Dispose();
            throw new ApiException(Errors.NotObject);
        }
        catch (JsonException exception)
        {
            var place = exception.LineNumber is { } line
                ? $"line {line + 1}, byte {exception.BytePositionInLine}"
                : "a name stands there twice";
            throw new ApiException(Errors.NotJson.With(exception.Message.Contains("depth", StringComparison.OrdinalIgnoreCase)
                ? $"nested more than {Deepest} deep" : place));
        }
    }

    /// <summary>Copies what the record can be made of. The rest becomes faults.</summary>
    private static void CopyUsable(JsonElement body, IReadOnlyList<BodyField> fields, string prefix, Utf8JsonWriter json, BodyFaults faults)
    {
        json.WriteStartObject();
        foreach (var field in fields)
        {
            var name = prefix + field.Name;
            var named = body.TryGetProperty(field.Name, out var value);
            if (field.Refused is not null)
            {
                if (named)
                {
                    faults.Add(name, field.Refused, "unprocessable");
                }
            }
            else if (!named || value.ValueKind == JsonValueKind.Null)
            {
                if (field.Required)
                {
                    faults.Missing(name);
                }
                else if (named && field.KeepsNull)
                {
                    json.WriteNull(field.Name);
                }
            }
            else if (field is { Required: true, Rule: TextRule text } && text.IsBlank(value))
            {
                faults.Empty(name);
            }
            else if (field.Rule.Fault(value) is { } fault)
            {
                faults.Add(name, $"{name} {fault}");
            }
            else if (field.Rule is InnerRule inner)
            {
                json.WritePropertyName(field.Name);
                CopyUsable(value, inner.Fields, name + ".", json, faults);
            }
            else if (field.Rule is InnerListRule list)
            {
                json.WriteStartArray(field.Name);
                foreach (var (index, item) in value.EnumerateArray().Index())
                {
                    CopyUsable(item, list.Fields, $"{name}[{index}].", json, faults);
                }

                json.WriteEndArray();
            }
            else
            {
                json.WritePropertyName(field.Name);
                value.WriteTo(json);
            }
        }

        json.WriteEndObject();
    }

    /// <summary>Makes no property required, since missing fields are reported together with the other faults.</summary>
    private static void NothingIsRequired(JsonTypeInfo type)
    {
        foreach (var property in type.Properties)
        {
            property.IsRequired = false;
        }
    }

    private sealed class AnyTime : JsonConverter<DateTimeOffset>
    {
        public override DateTimeOffset Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
            TimeRule.TryParse(reader.GetString()!, out var time) ? time : throw new JsonException();

        public override void Write(Utf8JsonWriter writer, DateTimeOffset value, JsonSerializerOptions options) =>
            throw new NotSupportedException("bodies are read here, not written");
    }
}
