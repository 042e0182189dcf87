using System.Text.Json;
using System.Text.Json.Serialization;

namespace Berth.Client.Wire;

/// <summary>
/// A text that a body may leave out, which is something else than null: what is left out stays as it is, and null takes it away. As a
/// property it is left out of what is written by <see cref="JsonIgnoreCondition.WhenWritingDefault"/>.
/// </summary>
[JsonConverter(typeof(OptionalTextConverter))]
public readonly record struct OptionalText
{
    /// <summary>Named, and null.</summary>
    public static readonly OptionalText Null = new(null);

    internal OptionalText(string? value)
    {
        IsNamed = true;
        Value = value;
    }

    /// <summary>Whether the body says anything about it.</summary>
    public bool IsNamed { get; }

    public string? Value { get; }

    /// <summary>Null leaves it out: an option of a command that was not given.</summary>
    public static implicit operator OptionalText(string? value) => FromString(value);

    public static OptionalText FromString(string? value) => value is null ? default : new OptionalText(value);
}

/// <summary>Reads null too: there it means something.</summary>
internal sealed class OptionalTextConverter : JsonConverter<OptionalText>
{
    public override bool HandleNull => true;

    public override OptionalText Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        new(reader.GetString());

    public override void Write(Utf8JsonWriter writer, OptionalText value, JsonSerializerOptions options) =>
        writer.WriteStringValue(value.Value);
}
