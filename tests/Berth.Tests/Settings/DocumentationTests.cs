using System.Runtime.CompilerServices;
using Berth.Server.Settings;

namespace Berth.Tests.Settings;

public sealed class DocumentationTests
{
    [Fact]
    public void Every_setting_is_documented()
    {
        var page = File.ReadAllText(Path.Combine(ThisFolder(), "..", "..", "..", "docs", "configuration.md"));
        var missing = typeof(BerthOptions).GetProperties().Where(p => p.CanWrite).Select(p => SettingsFeature.VariableOf(p.Name))
            .Where(variable => !page.Contains($"`{variable}`", StringComparison.Ordinal));
        Assert.Empty(missing);
    }

    private static string ThisFolder([CallerFilePath] string path = "") => Path.GetDirectoryName(path)!;
}
