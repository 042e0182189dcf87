namespace Berth.Server.Settings;

/// <summary>
/// Makes a property a setting, whose environment variable is <c>BERTH_</c> and its name. It also has the text of the setting's row in
/// docs/configuration.md.
/// </summary>
[AttributeUsage(AttributeTargets.Property)]
internal sealed class SettingAttribute(string meaning) : Attribute
{
    public string Meaning { get; } = meaning;

    /// <summary>
    /// Markdown, if the default depends on the machine or on other settings. Otherwise the default is the value in a new instance.
    /// </summary>
    public string? Default { get; init; }
}
