using System.ComponentModel.DataAnnotations;

namespace Berth.Server.Settings;

/// <summary>Allows only some words.</summary>
internal sealed class OneOfAttribute(params string[] words) : TextRuleAttribute
{
    public string[] Words { get; } = words;

    public override string Takes => string.Join(", ", Words.Select(word => $"`{word}`"));

    protected override IEnumerable<string> Faults(string variable, string value) => Words.Contains(value, StringComparer.Ordinal)
        ? []
        : [$"{variable} must be {(Words.Length == 2 ? string.Join(" or ", Words) : "one of " + string.Join(", ", Words))}, not '{value}'"];
}

/// <summary>A text that begins in a certain way.</summary>
internal sealed class FormAttribute(string form, params string[] beginnings) : TextRuleAttribute
{
    public string Form { get; } = form;

    public string[] Beginnings { get; } = beginnings;

    public override string Takes => Form;

    protected override IEnumerable<string> Faults(string variable, string value) =>
        Beginnings.Any(beginning => value.StartsWith(beginning, StringComparison.Ordinal)) ? [] : [$"{variable} must be {Form}"];
}

/// <summary>A secret that is too long to be guessed.</summary>
internal sealed class SecretAttribute(int characters) : TextRuleAttribute
{
    public int Characters { get; } = characters;

    public override string Takes => $"at least {Characters} characters";

    protected override IEnumerable<string> Faults(string variable, string value) =>
        value.Length < Characters ? [$"{variable} must have {Takes}"] : [];
}

/// <summary>A file or folder, which may be created later.</summary>
internal sealed class FilePathAttribute : TextRuleAttribute
{
    public override string Takes => "path";

    protected override IEnumerable<string> Faults(string variable, string value) =>
        value.Contains('\0', StringComparison.Ordinal) ? [$"{variable} must be a path"] : [];
}

/// <summary>A file that exists.</summary>
internal sealed class ExistingFileAttribute : TextRuleAttribute
{
    public override string Takes => "path of a file that exists";

    protected override IEnumerable<string> Faults(string variable, string value) =>
        File.Exists(value) ? [] : [$"{variable}: no such file: {value}"];
}

/// <summary>Demands that this setting and another one are set together or not at all. It is on one of the two.</summary>
[AttributeUsage(AttributeTargets.Property)]
internal sealed class TogetherWithAttribute(string property) : ValidationAttribute
{
    public string Property { get; } = property;

    protected override ValidationResult? IsValid(object? value, ValidationContext validationContext)
    {
        var other = validationContext.ObjectType.GetProperty(Property)!.GetValue(validationContext.ObjectInstance);
        return value is null == other is null
            ? ValidationResult.Success
            : new ValidationResult(
                $"{SettingsFeature.VariableOf(validationContext.MemberName!)} and {SettingsFeature.VariableOf(Property)} go together");
    }
}
