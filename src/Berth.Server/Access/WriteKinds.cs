using System.Text.RegularExpressions;
using Berth.Server.Database;

namespace Berth.Server.Access;

/// <summary>
/// Says which statements write tables that decide who may do what. It reads the statement's text, so that no writer has to say it or can
/// forget to.
/// </summary>
internal static partial class WriteKinds
{
    /// <summary>Tables that decide who has which role on which repository.</summary>
    public static readonly IReadOnlyCollection<string> Roles =
    [
        "organizations", "memberships", "teams", "team_members", "repositories", "collaborators", "team_repositories",
    ];

    /// <summary>
    /// Tables with other facts of decisions, and with the tokens that principals are made from. A table that is in no list counts as one of
    /// these. Deleting an account deletes its tokens.
    /// </summary>
    public static readonly IReadOnlyCollection<string> Facts =
    [
        "accounts", "tokens", "trusts", "packages", "package_users", "package_teams", "package_actions", "package_codespaces",
        "push_rules", "push_rule_allowances",
        "codespaces", "codespace_access", "codespace_access_users", "codespace_permissions", "codespace_targets",
        "codespace_git_permissions", "codespace_git_targets",
    ];

    /// <summary>Tables that no decision depends on.</summary>
    public static readonly IReadOnlyCollection<string> Content =
    [
        "blobs", "blob_links", "blob_trash", "uploads", "package_versions", "version_blobs", "tags", "deleted_tags", "package_events",
        "version_pulls", "package_pulls", "spent_tags",
        "audit_events", "hooks", "hook_deliveries", "event_cursors", "audit_streams",
        "manifests", "manifest_contents", "manifest_children", "manifest_bases",
        "npm_versions", "npm_words", "npm_dependencies", "npm_numbers", "npm_documents",
        "retention_policies", "retention_runs", "retention_removals",
        "login_failures", "login_requests", "used_identities",
        "codespace_log", "codespace_inside", "codespace_port_links", "codespace_containers", "codespace_starts",
        "codespace_dotfiles", "codespace_settings", "prebuild_configurations", "prebuilds", "push_hooks",
        "server_keys", "secret_keys", "secrets", "secret_repositories", "key_rotations", "clone_credentials", "migrations",
    ];

    public static WriteKind Of(string sql)
    {
        var kind = WriteKind.Content;
        foreach (Match write in Writes().Matches(sql))
        {
            var one = OfTable(write.Groups["table"].Value, sql);
            kind = one > kind ? one : kind;
        }

        return kind;
    }

    private static WriteKind OfTable(string table, string sql) =>
        Roles.Contains(table) ? WriteKind.Roles
        // In "do update set", set is not the name of a table.
        : table == "set" || Content.Contains(table) || (table == "packages" && LeavesPackagesAlone().IsMatch(sql)) ? WriteKind.Content
        : WriteKind.Access;

    [GeneratedRegex(
        @"\b(insert\s+into|update|delete\s+from)\s+(?<table>[a-z_]+)", RegexOptions.ExplicitCapture | RegexOptions.NonBacktracking)]
    private static partial Regex Writes();

    // Only live packages have facts. A push only sets when a package changed, locks it, or reserves a pending name for its uploader, so it
    // changes no facts.
    [GeneratedRegex(
        @"\bupdate\s+packages\s+set\s+(updated_at\s*=\s*@\w+|state\s*=\s*state)\s+where\b|\binsert\s+into\s+packages\b[^;]*'pending'",
        RegexOptions.ExplicitCapture | RegexOptions.NonBacktracking)]
    private static partial Regex LeavesPackagesAlone();
}
