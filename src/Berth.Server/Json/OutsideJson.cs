using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Unicode;

namespace Berth.Server.Json;

/// <summary>
/// Parses JSON that somebody else wrote, so that reading the result never throws: every string in it is valid text. .NET checks this only
/// when a string is read. Half a surrogate pair, written as an escape, would then fail long after the parse and with another exception.
/// </summary>
internal static class OutsideJson
{
    private static readonly UTF8Encoding Strict = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <exception cref="OutsideJsonException">The content is not JSON by these rules, or contains a string that is not text.</exception>
    public static JsonDocument Parse(ReadOnlyMemory<byte> content, JsonDocumentOptions options)
    {
        CheckUtf8(content.Span);
        try
        {
            var document = JsonDocument.Parse(content, options);
            try
            {
                CheckStrings(content.Span, options);
                return document;
            }
            catch
            {
                document.Dispose();
                throw;
            }
        }
        catch (JsonException exception)
        {
            throw OutsideJsonException.NotJson(exception);
        }
        catch (InvalidOperationException exception)
        {
            // .NET compares names to find duplicates, and one of them is not text.
            throw OutsideJsonException.NotText(exception);
        }
    }

    /// <inheritdoc cref="Parse(ReadOnlyMemory{byte}, JsonDocumentOptions)"/>
    public static JsonDocument Parse(string content, JsonDocumentOptions options) => Parse(Bytes(content), options);

    /// <summary>Parses to nodes, which can be changed or written again. Null for the JSON <c>null</c>.</summary>
    /// <exception cref="OutsideJsonException">The content is not JSON by these rules, or contains a string that is not text.</exception>
    public static JsonNode? ParseNode(string content, JsonDocumentOptions options)
    {
        using var document = Parse(content, options);
        return Node(document.RootElement.Clone());
    }

    /// <summary>The text of a member. Null when the element is no object, has no such member, or the member is no string.</summary>
    public static string? TextOf(this JsonElement element, string name) =>
        element.ValueKind == JsonValueKind.Object && element.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String
            ? value.GetString() : null;

    /// <summary>A member that is an object. Otherwise an element in which <see cref="TextOf"/> finds nothing.</summary>
    public static JsonElement ObjectOf(this JsonElement element, string name) =>
        element.ValueKind == JsonValueKind.Object && element.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.Object
            ? value : default;

    /// <summary>The entries of a member that is a list. Empty when it is missing or something else.</summary>
    public static IEnumerable<JsonElement> ListOf(this JsonElement element, string name) =>
        element.ValueKind == JsonValueKind.Object && element.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.Array
            ? value.EnumerateArray() : [];

    private static JsonNode? Node(JsonElement element) => element.ValueKind switch
    {
        JsonValueKind.Object => JsonObject.Create(element),
        JsonValueKind.Array => JsonArray.Create(element),
        _ => JsonValue.Create(element),
    };

    private static byte[] Bytes(string content)
    {
        try
        {
            return Strict.GetBytes(content);
        }
        catch (EncoderFallbackException exception)
        {
            throw OutsideJsonException.NotText(exception);
        }
    }

    private static void CheckUtf8(ReadOnlySpan<byte> content)
    {
        if (!Utf8.IsValid(content))
        {
            throw OutsideJsonException.NotUtf8();
        }
    }

    private static void CheckStrings(ReadOnlySpan<byte> content, JsonDocumentOptions options)
    {
        var reader = new Utf8JsonReader(content, new JsonReaderOptions
        {
            AllowTrailingCommas = options.AllowTrailingCommas,
            CommentHandling = options.CommentHandling,
            MaxDepth = options.MaxDepth,
        });
        while (reader.Read())
        {
            if (reader.TokenType is JsonTokenType.String or JsonTokenType.PropertyName && reader.ValueIsEscaped)
            {
                reader.GetString();
            }
        }
    }
}
