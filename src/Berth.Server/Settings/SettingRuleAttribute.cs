using System.ComponentModel.DataAnnotations;

namespace Berth.Server.Settings;

/// <summary>
/// A rule for one setting, whose faults name the environment variable and not the property. A missing setting breaks no rule.
/// </summary>
[AttributeUsage(AttributeTargets.Property)]
internal abstract class SettingRuleAttribute : ValidationAttribute
{
    /// <summary>Separates the faults of a list, which the framework handles as one value.</summary>
    public const char BetweenFaults = '\n';

    /// <summary>What may be written, in the words of docs/configuration.md: form, unit and limits.</summary>
    public abstract string Takes { get; }

    protected abstract IEnumerable<string> Faults(string variable, object value);

    protected sealed override ValidationResult? IsValid(object? value, ValidationContext validationContext)
    {
        if (value is null)
        {
            return ValidationResult.Success;
        }

        var faults = string.Join(BetweenFaults, Faults(SettingsFeature.VariableOf(validationContext.MemberName!), value));
        return faults.Length == 0 ? ValidationResult.Success : new ValidationResult(faults);
    }
}

/// <summary>A rule for a setting with text.</summary>
internal abstract class TextRuleAttribute : SettingRuleAttribute
{
    protected abstract IEnumerable<string> Faults(string variable, string value);

    protected sealed override IEnumerable<string> Faults(string variable, object value) => Faults(variable, (string)value);
}
