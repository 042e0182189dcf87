using System.Buffers;
using System.Text.Json;

namespace Berth.Server.Codespaces.Devcontainers;

/// <summary>
/// Properties that occur twice in one object of a devcontainer.json. Parsers treat them differently. The reference implementation takes the
/// last one.
/// </summary>
internal static class RepeatedKeys
{
    private const int MostLines = 20;

    /// <summary>Returns a line for each, up to a limit that people still read.</summary>
    /// <param name="text">Valid JSON, without a byte order mark.</param>
    public static List<string> Find(ReadOnlySpan<byte> text, string path)
    {
        List<string> lines = [];
        Stack<HashSet<string>> open = new();
        var reader = new Utf8JsonReader(text, new() { CommentHandling = JsonCommentHandling.Skip, AllowTrailingCommas = true });
        while (lines.Count < MostLines && reader.Read())
        {
            switch (reader.TokenType)
            {
                case JsonTokenType.StartObject:
                    open.Push(new HashSet<string>(StringComparer.Ordinal));
                    break;
                case JsonTokenType.EndObject:
                    open.Pop();
                    break;
                case JsonTokenType.PropertyName when reader.GetString() is { } name && !open.Peek().Add(name):
                    var line = text[..(int)reader.TokenStartIndex].Count((byte)'\n') + 1;
                    lines.Add($"{path} line {line}: {name} is given twice, and the last one counts");
                    break;
            }
        }

        return lines;
    }

    /// <summary>Returns the content with only the last value of each repeated property.</summary>
    public static JsonElement WithLast(JsonElement content)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var writer = new Utf8JsonWriter(buffer))
        {
            Write(content, writer);
        }

        using var document = JsonDocument.Parse(buffer.WrittenMemory);
        return document.RootElement.Clone();
    }

    private static void Write(JsonElement element, Utf8JsonWriter writer)
    {
        switch (element.ValueKind)
        {
            case JsonValueKind.Object:
                var last = new OrderedDictionary<string, JsonElement>(StringComparer.Ordinal);
                foreach (var property in element.EnumerateObject())
                {
                    last[property.Name] = property.Value;
                }

                writer.WriteStartObject();
                foreach (var (name, value) in last)
                {
                    writer.WritePropertyName(name);
                    Write(value, writer);
                }

                writer.WriteEndObject();
                break;
            case JsonValueKind.Array:
                writer.WriteStartArray();
                foreach (var item in element.EnumerateArray())
                {
                    Write(item, writer);
                }

                writer.WriteEndArray();
                break;
            default:
                element.WriteTo(writer);
                break;
        }
    }
}
