using System.Globalization;
using System.Reflection;
using System.Text;
using Berth.Server;
using Berth.Server.Settings;

namespace Berth.Tests.Settings;

/// <summary>Writes all settings as a table of Markdown.</summary>
internal static class SettingsTable
{
    private const string Head = "| variable | meaning | value | default |\n| --- | --- | --- | --- |\n";

    /// <summary>Replaces the page's table, from its head to the next empty line. The rest stays.</summary>
    public static string Into(string page)
    {
        var start = page.IndexOf(Head, StringComparison.Ordinal);
        Assert.True(start >= 0, "docs/configuration.md has no table of settings");
        return page[..start] + Write() + page[page.IndexOf("\n\n", start, StringComparison.Ordinal)..];
    }

    private static string Write()
    {
        var table = new StringBuilder(Head);
        foreach (var one in AllSettings.Classes)
        {
            var defaults = one.Make();
            foreach (var setting in one.Settings)
            {
                var said = setting.GetCustomAttribute<SettingAttribute>()!;
                table.Append(
                    CultureInfo.InvariantCulture,
                    $"| `{SettingsFeature.VariableOf(setting.Name)}` | {said.Meaning} | {ValueOf(setting)} | ");
                table.Append(said.Default ?? DefaultOf(setting.GetValue(defaults))).Append(" |\n");
            }
        }

        return table.ToString().TrimEnd('\n');
    }

    private static string ValueOf(PropertyInfo setting) => setting.PropertyType == typeof(bool)
        ? "`true` or `false`"
        : string.Join("; ", setting.GetCustomAttributes<SettingRuleAttribute>().Select(rule => rule.Takes));

    private static string DefaultOf(object? value) => value switch
    {
        null => "",
        bool flag => flag ? "`true`" : "`false`",
        _ => $"`{Convert.ToString(value, CultureInfo.InvariantCulture)}`",
    };
}
