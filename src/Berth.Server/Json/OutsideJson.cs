using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Unicode;

namespace Berth.Server.Json;

/// <summary>
/// Parses JSON that somebody else wrote. What comes back can be read without surprise: every string in it is text. .NET checks that only
/// when a string is read, so half of a surrogate pair, written as an escape, would fail long after the parse and with another exception.
/// </summary>
internal static class OutsideJson
{
    private static readonly UTF8Encoding Strict = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <exception cref="OutsideJsonException">It is no JSON by these rules, or holds what is no text.</exception>
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
            // Names are compared while duplicates are looked for, and one of them is no text.
            throw OutsideJsonException.NotText(exception);
        }
    }

    /// <inheritdoc cref="Parse(ReadOnlyMemory{byte}, JsonDocumentOptions)"/>
    public static JsonDocument Parse(string content, JsonDocumentOptions options) => Parse(Bytes(content), options);

    /// <summary>As nodes, to be changed or written again; null for the JSON <c>null</c>.</summary>
    /// <exception cref="OutsideJsonException">It is no JSON by these rules, or holds what is no text.</exception>
    public static JsonNode? ParseNode(string content, JsonDocumentOptions options)
    {
        using var document = Parse(content, options);
        return Node(document.RootElement.Clone());
    }

    /// <summary>The text of a member; null where the element is no object, has no such member, or it is no string.</summary>
    public static string? TextOf(this JsonElement element, string name) =>
        element.ValueKind == JsonValueKind.Object && element.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String
            ? value.GetString() : null;

    /// <summary>A member that is an object; otherwise an element of no kind, of which <see cref="TextOf"/> finds nothing.</summary>
    public static JsonElement ObjectOf(this JsonElement element, string name) =>
        element.ValueKind == JsonValueKind.Object && element.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.Object
            ? value : default;

    /// <summary>The entries of a member that is a list; none where it is missing or something else.</summary>
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
