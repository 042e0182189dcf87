using System.Text.Json;
using System.Text.Json.Serialization;

namespace Berth.Client.Wire;

/// <summary>
/// A text that a body may leave out, which differs from null: what is left out stays as it is, and null removes it. A property of this type
/// is left out of JSON with <see cref="JsonIgnoreCondition.WhenWritingDefault"/>.
/// </summary>
[JsonConverter(typeof(OptionalTextConverter))]
public readonly record struct OptionalText
{
    /// <summary>A text that is given as null.</summary>
    public static readonly OptionalText Null = new(null);

    internal OptionalText(string? value)
    {
        IsNamed = true;
        Value = value;
    }

    /// <summary>Whether the body contains the field.</summary>
    public bool IsNamed { get; }

    public string? Value { get; }

    /// <summary>Null becomes a missing field, for an option of a command that was not given.</summary>
    public static implicit operator OptionalText(string? value) => FromString(value);

    public static OptionalText FromString(string? value) => value is null ? default : new OptionalText(value);
}

/// <summary>Reads null too, which has a meaning here.</summary>
internal sealed class OptionalTextConverter : JsonConverter<OptionalText>
{
    public override bool HandleNull => true;

    public override OptionalText Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        new(reader.GetString());

    public override void Write(Utf8JsonWriter writer, OptionalText value, JsonSerializerOptions options) =>
        writer.WriteStringValue(value.Value);
}
