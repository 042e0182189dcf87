using System.Runtime.CompilerServices;
using System.Text.RegularExpressions;

namespace Berth.Tests;

/// <summary>
/// Which feature folder of the server may use which: read from the <c>using</c> lines. A new row or a new name in one is a design decision;
/// docs/decisions/0001 says which way dependencies point.
/// </summary>
public sealed partial class ArchitectureTests
{
    private static readonly string[] Ground = ["Metrics", "Settings", "Http", "Database", "Cryptography", "Operations", "Json", "Faults"];

    private static readonly Dictionary<string, string[]> Allowed = new(StringComparer.Ordinal)
    {
        ["Settings"] = [],
        ["Metrics"] = [],
        ["Http"] = ["Settings"],
        ["Database"] = ["Settings", "Metrics"],
        ["Cryptography"] = ["Settings", "Database"],
        ["Operations"] = ["Metrics", "Settings", "Http", "Database", "Cryptography", "Tokens", "Authentication", "Storage", "Access", "Api"],
        ["Json"] = [],
        ["Faults"] = [],
        ["Oci"] = ["Json"],
        ["Storage"] = [.. Ground, "Oci"],
        ["Access"] = [.. Ground, "Oci"],
        ["Tokens"] = [.. Ground, "Access", "Api", "Authentication"],
        ["Authentication"] = [.. Ground, "Access", "Tokens"],
        ["Api"] = [.. Ground, "Access", "Tokens", "Authentication"],
        ["Accounts"] = [.. Ground, "Access", "Tokens", "Authentication", "Api"],
        ["Organizations"] = [.. Ground, "Access", "Tokens", "Authentication", "Api", "Accounts", "Repositories"],
        ["Repositories"] = [.. Ground, "Access", "Tokens", "Authentication", "Api", "Accounts"],
        ["Packages"] = [.. Ground, "Oci", "Storage", "Access", "Tokens", "Authentication", "Api", "Accounts", "Repositories", "Organizations"],
        // The two registries meet in Packages and Storage, never in each other.
        ["Registry"] = [.. Ground, "Oci", "Access", "Tokens", "Authentication", "Storage", "Packages"],
        ["Registries"] = [.. Ground, "Oci"],
        ["Secrets"] = [.. Ground, "Oci", "Access", "Tokens", "Authentication", "Api", "Accounts", "Repositories", "Organizations", "Registries"],
        ["GarbageCollection"] = [.. Ground, "Oci", "Storage", "Tokens", "Authentication", "Packages"],
        ["Codespaces"] = [.. Ground, "Oci", "Access", "Tokens", "Authentication", "Api", "Accounts", "Organizations", "Repositories", "Registry", "Registries", "Secrets"],
    };

    [Fact]
    public void Features_use_only_what_the_table_allows()
    {
        var root = Path.Combine(ThisFolder(), "..", "..", "src", "Berth.Server");
        var faults = new List<string>();
        foreach (var file in Directory.EnumerateFiles(root, "*.cs", SearchOption.AllDirectories))
        {
            var relative = Path.GetRelativePath(root, file);
            if (!relative.Contains(Path.DirectorySeparatorChar, StringComparison.Ordinal))
            {
                continue; // Program and BerthApplication put everything together.
            }

            var folder = relative[..relative.IndexOf(Path.DirectorySeparatorChar, StringComparison.Ordinal)];
            if (!Allowed.TryGetValue(folder, out var allowed))
            {
                faults.Add($"{relative}: the folder {folder} is not in the table");
                continue;
            }

            faults.AddRange(
                Usings().Matches(File.ReadAllText(file)).Select(match => match.Groups["folder"].Value).Distinct(StringComparer.Ordinal)
                    .Where(used => used != folder && !allowed.Contains(used, StringComparer.Ordinal))
                    .Select(used => $"{relative} uses {used}"));
        }

        Assert.True(faults.Count == 0, string.Join('\n', faults));
    }

    [Fact]
    public void The_client_and_the_command_line_know_nothing_of_the_server()
    {
        var source = Path.Combine(ThisFolder(), "..", "..", "src");
        foreach (var project in new[] { "Berth.Client", "Berth.Cli" })
        {
            var faults = Directory.EnumerateFiles(Path.Combine(source, project), "*.cs", SearchOption.AllDirectories)
                .Where(file => File.ReadAllText(file).Contains("Berth.Server", StringComparison.Ordinal));
            Assert.Empty(faults);
        }
    }

    /// <summary>Who may do what is asked of AccessRules; the tables and roles behind it are nobody else's to read.</summary>
    [Fact]
    public void Only_access_reads_the_facts_of_access()
    {
        var root = Path.Combine(ThisFolder(), "..", "..", "src", "Berth.Server");
        var access = Path.Combine(root, "Access") + Path.DirectorySeparatorChar;
        var faults = Directory.EnumerateFiles(root, "*.cs", SearchOption.AllDirectories)
            .Where(file => !file.StartsWith(access, StringComparison.Ordinal))
            .SelectMany(file => FactsOfAccess().Matches(File.ReadAllText(file)).Select(match => $"{Path.GetRelativePath(root, file)}: {match.Value}"));
        Assert.Empty(faults);
    }

    private static string ThisFolder([CallerFilePath] string path = "") => Path.GetDirectoryName(path)!;

    [GeneratedRegex(@"^using (?:static )?Berth\.Server\.(?<folder>\w+)", RegexOptions.Multiline | RegexOptions.NonBacktracking | RegexOptions.ExplicitCapture)]
    private static partial Regex Usings();

    [GeneratedRegex(@"\b(AccessTable|PackageFactsTable)\.|\.NamedRole\b|\.CanRead\b", RegexOptions.NonBacktracking | RegexOptions.ExplicitCapture)]
    private static partial Regex FactsOfAccess();
}
