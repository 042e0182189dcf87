namespace Berth.SystemTests.Fixtures.Tools;

/// <summary>What a test needs from the machine. If it is missing, the test is skipped, but fails in continuous integration.</summary>
internal static class Requirement
{
    public static void Program(string name)
    {
        var folders = (SearchPath() ?? "").Split(':', StringSplitOptions.RemoveEmptyEntries);
        That(folders.Any(folder => File.Exists(Path.Combine(folder, name))), $"{name} is not installed");
    }

    public static void Root() => That(string.Equals(Environment.UserName, "root", StringComparison.Ordinal), "this needs root");

    public static void That(bool met, string reason)
    {
        if (met)
        {
            return;
        }

        if (TestSettings.IsContinuousIntegration)
        {
            Assert.Fail(reason + ", and CI is set");
        }

        Assert.Skip(reason);
    }

#pragma warning disable RS0030 // The search path is the machine's, no setting of Berth.
    private static string? SearchPath() => Environment.GetEnvironmentVariable("PATH");
#pragma warning restore RS0030
}
