using System.Text.RegularExpressions;
using Berth.Tests.Architecture;

namespace Berth.Tests;

/// <summary>
/// Says which feature folder of the server may use which, by <see cref="SourceMap"/>. A new row, or a new name in one, is a design
/// decision. docs/decisions/0001 says in which direction dependencies go.
/// </summary>
public sealed partial class ArchitectureTests
{
    private static readonly string[] Ground =
    [
        "Metrics", "Settings", "Http", "Database", "Cryptography", "Operations", "Json", "Faults", "Background",
    ];

    /// <summary>
    /// The rooms of <c>Codespaces</c>, beginning with those that know least. In addition every room may use the feature's own folder.
    /// </summary>
    private static readonly Dictionary<string, string[]> CodespaceRooms = new(StringComparer.Ordinal)
    {
        ["Engine"] = [],
        ["Expansion"] = [],
        ["Isolation"] = ["Engine"],
        ["Sandbox"] = [],
        ["Devcontainers"] = ["Engine", "Expansion", "Isolation"],
        ["Dockerfiles"] = ["Devcontainers", "Expansion"],
        ["Compose"] = ["Devcontainers", "Dockerfiles", "Expansion", "Isolation"],
        ["Networks"] = ["Engine", "Sandbox"],
        ["Workspaces"] = ["Engine", "Sandbox"],
        ["Git"] = ["Networks", "Sandbox", "Workspaces"],
        ["Docker"] = ["Engine", "Sandbox", "Workspaces"],
        ["Images"] = ["Engine"],
        ["Features"] = ["Devcontainers", "Dockerfiles", "Engine", "Expansion", "Images"],
        ["Plans"] = ["Compose", "Devcontainers", "Dockerfiles", "Expansion", "Features", "Isolation"],
        ["Builds"] = ["Devcontainers", "Dockerfiles", "Engine", "Expansion", "Git", "Images", "Isolation", "Sandbox", "Workspaces"],
        ["Environment"] = ["Engine", "Images"],
        ["Connections"] = ["Engine", "Environment"],
        ["Connections.Files"] = ["Connections", "Engine"],
        ["Connections.Ports"] = ["Connections", "Engine"],
        ["Connections.Ssh"] = ["Connections", "Environment"],
        ["Dotfiles"] = ["Devcontainers", "Environment"],
        ["Permissions"] = ["Devcontainers", "Expansion", "Git"],
        ["Prebuilds"] = [
            "Builds", "Devcontainers", "Dockerfiles", "Engine", "Features", "Git", "Images", "Networks", "Plans", "Workspaces",
        ],
        ["Preflight"] = ["Devcontainers", "Docker", "Engine", "Expansion", "Features", "Git", "Images", "Permissions", "Plans"],
        ["Steps"] = [
            "Builds", "Compose", "Connections", "Devcontainers", "Docker", "Dotfiles", "Engine", "Environment", "Expansion", "Features",
            "Git", "Images", "Isolation", "Networks", "Permissions", "Plans", "Prebuilds", "Sandbox", "Workspaces",
        ],
    };

    private static readonly Dictionary<string, string[]> Allowed = new(StringComparer.Ordinal)
    {
        ["Settings"] = [],
        ["Metrics"] = [],
        ["Http"] = ["Settings", "Json"],
        ["Database"] = ["Settings", "Metrics"],
        ["Cryptography"] = ["Settings", "Database"],
        ["Operations"] = ["Metrics", "Settings", "Http", "Database", "Cryptography", "Authentication", "Storage", "Access", "Api", "Audit"],
        ["Json"] = [],
        ["Faults"] = [],
        ["Background"] = [],
        ["Oci"] = ["Json"],
        ["Storage"] = [.. Ground, "Oci"],
        ["Access"] = [.. Ground, "Oci"],
        ["Authentication"] = [.. Ground, "Access"],
        ["Api"] = [.. Ground, "Access", "Authentication"],
        ["Audit"] = [.. Ground, "Access", "Authentication", "Api"],
        ["Tokens"] = [.. Ground, "Access", "Authentication", "Api", "Audit"],
        ["Accounts"] = [.. Ground, "Access", "Tokens", "Authentication", "Api", "Audit"],
        ["Organizations"] = [.. Ground, "Access", "Authentication", "Api", "Accounts", "Repositories", "Audit"],
        ["Repositories"] = [.. Ground, "Access", "Authentication", "Api", "Accounts", "Audit"],
        ["Packages"] = [
            .. Ground, "Oci", "Storage", "Access", "Authentication", "Api", "Accounts", "Repositories", "Organizations", "Audit",
        ],
        ["Trusts"] = [.. Ground, "Access", "Authentication", "Api", "Registries", "Repositories", "Audit"],
        // The two registries share Packages and Storage, and never use each other.
        ["Registry"] = [.. Ground, "Oci", "Access", "Authentication", "Storage", "Packages", "Trusts"],
        ["Npm"] = [
            .. Ground, "Oci", "Access", "Accounts", "Api", "Authentication", "Organizations", "Storage", "Packages", "Tokens", "Trusts",
        ],
        ["Registries"] = [.. Ground, "Oci"],
        ["Secrets"] = [
            .. Ground, "Oci", "Access", "Authentication", "Api", "Accounts", "Repositories", "Organizations", "Registries", "Audit",
        ],
        ["Webhooks"] = [
            .. Ground, "Oci", "Access", "Authentication", "Api", "Accounts", "Repositories", "Organizations", "Packages", "Audit",
            "Registries",
        ],
        ["GarbageCollection"] = [.. Ground, "Oci", "Storage", "Authentication", "Api", "Packages", "Audit"],
        ["Codespaces"] = [
            .. Ground, "Oci", "Access", "Authentication", "Api", "Accounts", "Organizations", "Repositories", "Registry", "Npm",
            "Registries", "Secrets", "Audit",
        ],
    };

    private static readonly SourceMap Server = SourceMap.OfServer();

    [Fact]
    public void Features_use_only_what_the_table_allows()
    {
        var strangers = Server.Rooms.Select(SourceMap.FeatureOf)
            .Where(feature => !Allowed.ContainsKey(feature))
            .Distinct()
            .Select(feature => $"{feature} is not in the table");
        var faults = Server.Uses.Select(use => (From: SourceMap.FeatureOf(use.Room), To: SourceMap.FeatureOf(use.Used), use.File))
            .Where(
                use => use.From != use.To
                    && Allowed.TryGetValue(use.From, out var allowed)
                    && !allowed.Contains(use.To, StringComparer.Ordinal))
            .Select(use => $"{use.File} uses {use.To}");
        Assert.Empty(strangers.Concat(faults));
    }

    [Fact]
    public void No_feature_reaches_itself_again()
    {
        var cycles = SourceMap.Cycles(Server.Uses.Select(use => (SourceMap.FeatureOf(use.Room), SourceMap.FeatureOf(use.Used))));
        Assert.Empty(cycles.Select(cycle => string.Join(" ↔ ", cycle)));
    }

    [Fact]
    public void No_room_of_a_feature_reaches_itself_again_by_its_neighbours()
    {
        var uses = Server.Uses.Where(
            use => use.Room.Contains('.', StringComparison.Ordinal) && use.Used.Contains('.', StringComparison.Ordinal)
                && SourceMap.FeatureOf(use.Room) == SourceMap.FeatureOf(use.Used));
        Assert.Empty(SourceMap.Cycles(uses.Select(use => (use.Room, use.Used))).Select(cycle => string.Join(" ↔ ", cycle)));
    }

    [Fact]
    public void Rooms_of_codespaces_use_only_what_the_table_allows()
    {
        const string Prefix = "Codespaces.";
        var faults = Server.Uses.Where(
            use => use.Room.StartsWith(Prefix, StringComparison.Ordinal) && use.Used.StartsWith(Prefix, StringComparison.Ordinal))
            .Where(
                use =>
                    !CodespaceRooms.GetValueOrDefault(use.Room[Prefix.Length..], [])
                        .Contains(use.Used[Prefix.Length..], StringComparer.Ordinal))
            .Select(use => $"{use.File} uses {use.Used}");
        Assert.Empty(faults);
    }

    [Fact]
    public void The_engine_knows_no_codespace() =>
        Assert.DoesNotContain(
            Server.Uses,
            use => use.Room == "Codespaces.Engine" && SourceMap.FeatureOf(use.Used) == "Codespaces");

    [Fact]
    public void The_client_and_the_command_line_know_nothing_of_the_server()
    {
        foreach (var project in new[] { "Berth.Client", "Berth.Cli" })
        {
            var faults = Directory.EnumerateFiles(Path.Combine(SourceMap.Repository, "src", project), "*.cs", SearchOption.AllDirectories)
                .Where(file => File.ReadAllText(file).Contains("Berth.Server", StringComparison.Ordinal));
            Assert.Empty(faults);
        }
    }

    /// <summary>Rights are asked of AccessRules. No other code may read the tables and roles behind it.</summary>
    [Fact]
    public void Only_access_reads_the_facts_of_access()
    {
        var root = Path.Combine(SourceMap.Repository, "src", "Berth.Server");
        var access = Path.Combine(root, "Access") + Path.DirectorySeparatorChar;
        var faults = Directory.EnumerateFiles(root, "*.cs", SearchOption.AllDirectories)
            .Where(file => !file.StartsWith(access, StringComparison.Ordinal))
            .SelectMany(
                file => FactsOfAccess()
                    .Matches(File.ReadAllText(file))
                    .Select(match => $"{Path.GetRelativePath(root, file)}: {match.Value}"));
        Assert.Empty(faults);
    }

    [GeneratedRegex(
        @"\b(AccessTable|PackageFactsTable)\.|\.NamedRole\b|\.CanRead\b", RegexOptions.NonBacktracking | RegexOptions.ExplicitCapture)]
    private static partial Regex FactsOfAccess();
}
