using System.Runtime.CompilerServices;

namespace Berth.Tests.Settings;

/// <summary>The table of docs/configuration.md must match the classes of settings. <c>script/configuration</c> writes it.</summary>
public sealed class DocumentationTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_documented_settings_are_those_of_the_classes()
    {
        var path = Path.Combine(ThisFolder(), "..", "..", "..", "docs", "configuration.md");
        var made = SettingsTable.Into(await File.ReadAllTextAsync(path, Cancel));
#pragma warning disable RS0030 // The script says so through the environment.
        if (Environment.GetEnvironmentVariable("BERTH_WRITE_CONFIGURATION") == "1")
#pragma warning restore RS0030
        {
            await File.WriteAllTextAsync(path, made, Cancel);
        }

        Assert.True(
            made == await File.ReadAllTextAsync(path, Cancel),
            "docs/configuration.md is not what the options say: run script/configuration");
    }

    private static string ThisFolder([CallerFilePath] string path = "") => Path.GetDirectoryName(path)!;
}
