using System.Diagnostics;
using System.Globalization;

namespace Berth.Bench;

/// <summary>The cluster that script/bench starts for the rows on PostgreSQL.</summary>
internal static class Postgres
{
    private static int _made;

    /// <summary>Creates a new database, and returns the server's setting for it.</summary>
    public static string NewDatabase(BenchOptions options)
    {
        var folder = options.Postgres
            ?? throw new InvalidOperationException("no --postgres: script/bench starts a cluster and names its folder");
        var name = string.Create(CultureInfo.InvariantCulture, $"bench{++_made}");
        var command = new ProcessStartInfo("createdb", ["--host", folder, "--username", "postgres", name]) { UseShellExecute = false };
        using var create = Process.Start(command)!;
        create.WaitForExit();
        return create.ExitCode == 0
            ? $"BERTH_DATABASE=postgres:Host={folder};Username=postgres;Database={name}"
            : throw new InvalidOperationException($"createdb {name} ends with {create.ExitCode}");
    }
}
