namespace Berth.Server.Settings;

/// <summary>
/// Makes a property a setting, the environment variable <c>BERTH_</c> and its name, and says what its row in docs/configuration.md says.
/// </summary>
[AttributeUsage(AttributeTargets.Property)]
internal sealed class SettingAttribute(string meaning) : Attribute
{
    public string Meaning { get; } = meaning;

    /// <summary>
    /// Markdown, where the default depends on the machine or on other settings. Otherwise it is what a new instance holds.
    /// </summary>
    public string? Default { get; init; }
}
