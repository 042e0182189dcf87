using System.Runtime.CompilerServices;
using System.Text.RegularExpressions;
using Berth.Tests.Database;

namespace Berth.Tests;

/// <summary>
/// Says which folder of the server writes which table, by the SQL in the source. Every folder may read. To change a table, others ask its
/// owner, so that each rule about a table is in one place.
/// </summary>
public sealed partial class TableOwnerTests
{
    private static readonly Dictionary<string, string> Owners = new(StringComparer.Ordinal)
    {
        ["accounts"] = "Accounts",
        ["audit_events"] = "Audit",
        ["audit_streams"] = "Audit/Streams",
        ["blob_links"] = "Packages/Content",
        ["blob_trash"] = "Packages/Content",
        ["blobs"] = "Packages/Content",
        ["clone_credentials"] = "Repositories/Cloning",
        ["codespace_access"] = "Codespaces",
        ["codespace_access_users"] = "Codespaces",
        ["codespace_containers"] = "Codespaces",
        ["codespace_dotfiles"] = "Codespaces/Dotfiles",
        ["codespace_inside"] = "Codespaces/Environment",
        ["codespace_log"] = "Codespaces",
        ["codespace_settings"] = "Codespaces/Defaults",
        ["codespace_git_permissions"] = "Codespaces/Permissions",
        ["codespace_git_targets"] = "Codespaces/Permissions",
        ["codespace_permissions"] = "Codespaces/Permissions",
        ["codespace_port_links"] = "Codespaces/Connections",
        ["codespace_starts"] = "Codespaces",
        ["codespace_targets"] = "Codespaces/Permissions",
        ["codespaces"] = "Codespaces",
        ["collaborators"] = "Repositories",
        ["deleted_tags"] = "Packages/Changes",
        ["event_cursors"] = "Webhooks",
        ["hook_deliveries"] = "Webhooks",
        ["hooks"] = "Webhooks",
        ["key_rotations"] = "Cryptography",
        ["login_failures"] = "Authentication",
        ["manifest_bases"] = "Registry/Manifests",
        ["login_requests"] = "Npm/SigningIn",
        ["manifest_children"] = "Registry/Manifests",
        ["manifest_contents"] = "Registry/Manifests",
        ["manifests"] = "Registry/Manifests",
        ["memberships"] = "Organizations",
        ["migrations"] = "Database",
        ["npm_dependencies"] = "Npm/Documents",
        ["npm_documents"] = "Npm/Documents",
        ["npm_numbers"] = "Npm/Documents",
        ["npm_versions"] = "Npm/Documents",
        ["npm_words"] = "Npm/Documents",
        ["organizations"] = "Organizations",
        ["package_actions"] = "Packages/Changes",
        ["package_codespaces"] = "Packages/Changes",
        ["package_events"] = "Packages/Changes",
        ["package_pulls"] = "Packages/Pulls",
        ["package_teams"] = "Packages/Changes",
        ["package_users"] = "Packages/Changes",
        ["package_versions"] = "Packages/Changes",
        ["packages"] = "Packages/Changes",
        ["prebuild_configurations"] = "Codespaces/Prebuilds",
        ["prebuilds"] = "Codespaces/Prebuilds",
        ["push_hooks"] = "Codespaces/Prebuilds",
        ["push_rule_allowances"] = "Packages/Rules",
        ["push_rules"] = "Packages/Rules",
        ["repositories"] = "Repositories",
        ["retention_policies"] = "Packages/Retention",
        ["retention_removals"] = "Packages/Retention",
        ["retention_runs"] = "Packages/Retention",
        ["secret_keys"] = "Secrets",
        ["secret_repositories"] = "Secrets",
        ["secrets"] = "Secrets",
        ["server_keys"] = "Cryptography",
        ["spent_tags"] = "Packages/Rules",
        ["tags"] = "Packages/Changes",
        ["team_members"] = "Organizations",
        ["team_repositories"] = "Repositories",
        ["teams"] = "Organizations",
        ["tokens"] = "Authentication",
        ["trusts"] = "Trusts",
        ["uploads"] = "Packages/Content",
        ["used_identities"] = "Trusts",
        ["version_blobs"] = "Packages/Changes",
        ["version_pulls"] = "Packages/Pulls",
    };

    /// <summary>
    /// Names with uploads and without a version. Only their uploader sees them, so they are not packages yet and have no events.
    /// </summary>
    private const string Pending = "Packages/Content";

    [Fact]
    public void A_table_is_written_by_its_owner_alone() => Assert.Empty(
        Writes().Where(
            write => !(Owners.TryGetValue(write.Table, out var owner)
                && (write.Folder + "/").StartsWith(owner + "/", StringComparison.Ordinal)))
            .Where(
                write => !(write is { Table: "packages", Folder: Pending }
                    && write.Statement.Contains("'pending'", StringComparison.Ordinal)))
            .Select(write => $"{write.File} writes {write.Table}, which belongs to {Owners.GetValueOrDefault(write.Table, "nobody yet")}"));

    [Fact]
    public void Every_table_has_an_owner_that_writes_it()
    {
        Assert.Equal(MigratedTables.Names().Order(StringComparer.Ordinal), Owners.Keys.Order(StringComparer.Ordinal));
        Assert.Equal(
            Owners.Keys.Order(StringComparer.Ordinal),
            Writes().Select(write => write.Table).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal));
    }

    [Fact]
    public void No_statement_hides_which_table_it_writes() => Assert.Empty(
        Sources().Where(source => HiddenTable().IsMatch(source.Text)).Select(source => source.File));

    private static IEnumerable<(string File, string Folder, string Table, string Statement)> Writes() =>
        from source in Sources()
        from match in Write().Matches(source.Text)
        select (
            source.File, Path.GetDirectoryName(source.File)!.Replace('\\', '/'), match.Groups["table"].Value,
            Statement(source.Text, match.Index));

    /// <summary>The text up to the end of its string, as far as that can be found without parsing C#.</summary>
    private static string Statement(string text, int start)
    {
        var end = text.IndexOf('"', start);
        return end < 0 ? text[start..] : text[start..end];
    }

    /// <summary>Leaves out comments, which describe statements and write nothing.</summary>
    private static IEnumerable<(string File, string Text)> Sources()
    {
        var root = Path.Combine(ThisFolder(), "..", "..", "src", "Berth.Server");
        return Directory.EnumerateFiles(root, "*.cs", SearchOption.AllDirectories)
            .Where(file => !file.Contains("/obj/", StringComparison.Ordinal))
            .Select(file => (
                Path.GetRelativePath(root, file),
                string.Join('\n', File.ReadLines(file).Where(line => !line.TrimStart().StartsWith("//", StringComparison.Ordinal)))));
    }

    private static string ThisFolder([CallerFilePath] string path = "") => Path.GetDirectoryName(path)!;

    [GeneratedRegex(
        @"\b(insert\s+into\s+(?<table>\w+)|delete\s+from\s+(?<table>\w+)|update\s+(?<table>\w+)\s+set\s)",
        RegexOptions.IgnoreCase | RegexOptions.ExplicitCapture | RegexOptions.NonBacktracking)]
    private static partial Regex Write();

    [GeneratedRegex(
        @"\b(insert\s+into|delete\s+from)\s+\{|\bupdate\s+\{\w+\}\s+set\s",
        RegexOptions.IgnoreCase | RegexOptions.ExplicitCapture | RegexOptions.NonBacktracking)]
    private static partial Regex HiddenTable();
}
