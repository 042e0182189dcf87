using System.Globalization;
using System.Text.Json;

namespace Berth.Server.Api.Bodies;

/// <summary>Which values a field of a request body may have, and the words for all others.</summary>
internal abstract record BodyRule
{
    public const int MostListed = 1000;

    /// <summary>Null, or the words that follow the field's name: <c>must be true or false</c>.</summary>
    public abstract string? Fault(JsonElement value);

    protected static bool TryString(JsonElement value, out string text)
    {
        text = "";
        if (value.ValueKind != JsonValueKind.String)
        {
            return false;
        }

        try
        {
            text = value.GetString()!;
            return true;
        }
        catch (InvalidOperationException)
        {
            // A lone surrogate such as \ud800 is valid JSON, but not text.
            return false;
        }
    }
}

internal sealed record TextRule(int Longest, IReadOnlyList<string>? Words) : BodyRule
{
    public override string? Fault(JsonElement value) =>
        !TryString(value, out var text) ? "must be a string of valid Unicode"
        : text.Length > Longest ? $"may have at most {Longest} characters"
        // PostgreSQL does not store NUL, and names and remarks need no control characters.
        : text.Any(c => char.IsControl(c) && c is not ('\n' or '\r' or '\t')) ? "must not contain control characters"
        : Words is not null && !Words.Contains(text, StringComparer.Ordinal) ? $"must be one of {string.Join(", ", Words)}"
        : null;

    public bool IsBlank(JsonElement value) => TryString(value, out var text) && text.Length <= Longest && text.Trim().Length == 0;
}

internal sealed record FlagRule : BodyRule
{
    public override string? Fault(JsonElement value) =>
        value.ValueKind is JsonValueKind.True or JsonValueKind.False ? null : "must be true or false";
}

internal sealed record NumberRule(long Least, long Most) : BodyRule
{
    public override string? Fault(JsonElement value) =>
        value.ValueKind == JsonValueKind.Number && value.TryGetInt64(out var number) && number >= Least && number <= Most
            ? null
            : $"must be a whole number from {Least} to {Most}";
}

/// <summary>An ISO 8601 time with a zone, or a date.</summary>
internal sealed record TimeRule : BodyRule
{
    private static readonly TextRule Text = new(255, null);

    public override string? Fault(JsonElement value) =>
        Text.Fault(value) ?? (TryParse(value.GetString()!, out _) ? null : "must be a time such as 2030-01-31T12:00:00Z");

    public static bool TryParse(string text, out DateTimeOffset time) =>
        DateTimeOffset.TryParse(
            text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal, out time)
        && text.Length >= 10 && char.IsAsciiDigit(text[0]);
}

internal sealed record TextsRule(bool Arguments) : BodyRule
{
    public const int Longest = 255;

    public override string? Fault(JsonElement value) =>
        value.ValueKind != JsonValueKind.Array || value.GetArrayLength() > MostListed ? $"must be a list of at most {MostListed} strings"
        : value.EnumerateArray().All(item => TryString(item, out var text) && Fits(text)) ? null
        : Arguments ? "must be a list of strings without NUL" : $"must be a list of strings of 1 to {Longest} characters";

    private bool Fits(string text) =>
        Arguments ? !text.Contains('\0', StringComparison.Ordinal) : text.Length is > 0 and <= Longest && !text.Any(char.IsControl);
}

/// <summary>A list of ids. Some clients write ids as strings.</summary>
internal sealed record IdsRule : BodyRule
{
    public override string? Fault(JsonElement value) =>
        value.ValueKind == JsonValueKind.Array && value.GetArrayLength() <= MostListed && value.EnumerateArray().All(IsId)
            ? null
            : $"must be a list of at most {MostListed} ids";

    private static bool IsId(JsonElement item) =>
        item.ValueKind == JsonValueKind.Number
            ? item.TryGetInt64(out _)
            : TryString(item, out var text) && long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out _);
}

/// <summary>A list of bodies inside the body.</summary>
internal sealed record InnerListRule(IReadOnlyList<BodyField> Fields) : BodyRule
{
    public const int Most = 50;

    public override string? Fault(JsonElement value) =>
        value.ValueKind == JsonValueKind.Array && value.GetArrayLength() <= Most
            && value.EnumerateArray().All(item => item.ValueKind == JsonValueKind.Object)
            ? null
            : $"must be a list of at most {Most} objects";
}

/// <summary>A body inside the body.</summary>
internal sealed record InnerRule(IReadOnlyList<BodyField> Fields) : BodyRule
{
    public override string? Fault(JsonElement value) => value.ValueKind == JsonValueKind.Object ? null : "must be an object";
}
