using System.Runtime.CompilerServices;
using System.Text.RegularExpressions;

namespace Berth.Tests.Database;

/// <summary>The tables after all migrations, read from their text.</summary>
internal static partial class MigratedTables
{
    public static HashSet<string> Names()
    {
        HashSet<string> tables = ["migrations"];
        foreach (var file in Directory.EnumerateFiles(Folder(), "*.sql").Order(StringComparer.Ordinal))
        {
            foreach (Match change in Changes().Matches(File.ReadAllText(file)))
            {
                tables.Remove(change.Groups["gone"].Value);
                if (change.Groups["made"].Success)
                {
                    tables.Add(change.Groups["made"].Value);
                }
            }
        }

        return tables;
    }

    private static string Folder([CallerFilePath] string path = "") =>
        Path.Combine(Path.GetDirectoryName(path)!, "..", "..", "..", "src", "Berth.Server", "Database", "Migrations");

    [GeneratedRegex(
        @"create table (if not exists )?(?<made>\w+)|alter table (?<gone>\w+) rename to (?<made>\w+)|drop table (if exists )?(?<gone>\w+)",
        RegexOptions.ExplicitCapture | RegexOptions.NonBacktracking)]
    private static partial Regex Changes();
}
