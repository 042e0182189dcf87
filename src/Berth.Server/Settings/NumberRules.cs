using System.Globalization;

namespace Berth.Server.Settings;

/// <summary>A number greater than 0.</summary>
internal sealed class PositiveAttribute(string unit) : SettingRuleAttribute
{
    public string Unit { get; } = unit;

    public override string Takes => $"{Unit}, greater than 0";

    protected override IEnumerable<string> Faults(string variable, object value)
    {
        var number = (double)value;
        return number > 0 && !double.IsInfinity(number)
            ? []
            : [string.Create(CultureInfo.InvariantCulture, $"{variable} must be greater than 0, not {number}")];
    }
}
