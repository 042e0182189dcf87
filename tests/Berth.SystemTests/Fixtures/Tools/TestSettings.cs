namespace Berth.SystemTests.Fixtures.Tools;

/// <summary>The settings from the script that runs the tests, and paths in the repository.</summary>
internal static class TestSettings
{
    /// <summary>Whether a missing tool fails its tests instead of skipping them.</summary>
    public static bool IsContinuousIntegration => Environment("CI") is { Length: > 0 };

    /// <summary><c>postgres:…</c> to run the servers on PostgreSQL. Otherwise each has an SQLite file in its folder.</summary>
    public static string? Database => Environment("BERTH_TEST_DATABASE");

    /// <summary>The server to test. By default the one that was built together with the tests.</summary>
    public static string ServerDll =>
        Environment("BERTH_TEST_SERVER") ?? Path.Combine(Root, "artifacts", "bin", "Berth.Server", "debug", "Berth.Server.dll");

    /// <summary>How often codespaces are started and stopped in a row. 100 are promised, and fewer show what fails each time.</summary>
    public static int CodespaceStarts => int.TryParse(Environment("BERTH_TEST_STARTS"), out var starts) ? starts : 3;

    /// <summary>The command line that was built together with the tests.</summary>
    public static string ClientDll => Path.Combine(Root, "artifacts", "bin", "Berth.Cli", "debug", "berth.dll");

    /// <summary>Where the script has unpacked OpenSSH's server. Null: the machine has one.</summary>
    public static string? SshServer => Environment("BERTH_SSH_SERVER");

    public static string Root { get; } = FindRoot();

    private static string FindRoot()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "Berth.slnx")))
            {
                return folder.FullName;
            }
        }

        throw new InvalidOperationException($"{AppContext.BaseDirectory} is not inside the repository");
    }

#pragma warning disable RS0030 // Tests are configured by their script, through the environment.
    private static string? Environment(string name) => System.Environment.GetEnvironmentVariable(name);
#pragma warning restore RS0030
}
