using System.Runtime.InteropServices;
using System.Text.Json;
using System.Text.Json.Nodes;
using Berth.SystemTests.Fixtures.Server;
using Berth.SystemTests.Fixtures.Tools;

namespace Berth.SystemTests.Fixtures.Clients;

/// <summary>
/// npm, pnpm and both yarns as one person uses them: with a home folder whose <c>.npmrc</c> sends one scope to Berth. For every other name
/// they would ask an address where nothing listens.
/// </summary>
internal sealed class NpmClient
{
    /// <summary>The npm of this machine.</summary>
    public const string Usual = "npm";

    /// <summary>The newest npm, with the node that it needs.</summary>
    public const string Newest = "npm 12";

    private const string Nowhere = "http://127.0.0.1:9/";
    private readonly TemporaryFolder _folder;
    private readonly ServerProcess _server;
    private readonly string _name;

    /// <param name="token">Null: nobody is signed in.</param>
    public NpmClient(TemporaryFolder folder, ServerProcess server, string name, string scope, string? token)
    {
        Requirement.Program("npm");
        (_folder, _server, _name) = (folder, server, name);
        Home = folder.Create(name);
        Registry = server.Npm.AbsoluteUri;
        Settings = $"@{scope}:registry={Registry}\n" + (token is null ? "" : LoginAt(server.Npm, token));
        File.WriteAllText(UserSettings, Settings);
    }

    /// <summary>Which npm is used: <see cref="Usual"/> or <see cref="Newest"/>.</summary>
    public string Version { get; init; } = Usual;

    /// <summary>A file with the authorities that it trusts besides node's own. Null: none.</summary>
    public string? Authority { get; init; }

    /// <summary>The first content of its <c>.npmrc</c>.</summary>
    public string Settings { get; }

    /// <summary>The person's own <c>.npmrc</c>.</summary>
    public string UserSettings => Path.Combine(Home, ".npmrc");

    public string Cache => Path.Combine(Home, "cache");

    public string Home { get; }

    public string Registry { get; }

    /// <summary>Creates a package with one file, in a folder of its own.</summary>
    /// <param name="more">More members of its <c>package.json</c> besides name and version.</param>
    /// <returns>Returns the folder.</returns>
    public string Package(string name, string version, JsonObject? more = null, string content = "module.exports = 'here'")
    {
        var folder = _folder.Create(Path.Combine(_name, $"{name.Replace('/', '-')}-{version}-{Guid.CreateVersion7():N}"));
        var description = new JsonObject { ["name"] = name, ["version"] = version, ["license"] = "MIT" };
        foreach (var (member, value) in more ?? [])
        {
            description[member] = value?.DeepClone();
        }

        File.WriteAllText(Path.Combine(folder, "package.json"), description.ToJsonString());
        File.WriteAllText(Path.Combine(folder, "index.js"), content + "\n");
        return folder;
    }

    /// <summary>Creates a project that uses packages and is not published.</summary>
    public string Project() => Package("app", "1.0.0", new JsonObject { ["private"] = true });

    public Task<Output> NpmAsync(string folder, params string[] arguments) => Npm(folder).RunAsync(arguments);

    public Task<Output> RefusedAsync(string folder, params string[] arguments) => Npm(folder).RefusedAsync(arguments);

    public Task<Output> PublishAsync(string name, string version, JsonObject? more = null) =>
        NpmAsync(Package(name, version, more), "publish");

    /// <summary>What <c>npm view NAME --json</c> prints about some members.</summary>
    public async Task<JsonElement> ViewAsync(string name, params string[] members) => JsonSerializer.Deserialize<JsonElement>(
        (await NpmAsync(Home, ["view", name, .. members, "--json"])).Text);

    /// <summary>What the package's single file exports to a program in the folder.</summary>
    public async Task<string> RequireAsync(string folder, string name) =>
        (await Node(folder).RunAsync("-p", $"require('{name}')")).Line;

    public Command Node(string folder) => In(folder, ["node"]);

    public Command Npm(string folder) =>
        In(folder, Version == Usual ? ["npm"] : [Installed(NewestNode), Installed("npm/bin/npm-cli.js")]);

    /// <summary>The line that signs in to a registry.</summary>
    public static string LoginAt(Uri registry, string token) => $"//{registry.Authority}{registry.AbsolutePath}:_authToken={token}\n";

    public Command Pnpm(string folder) => In(folder, ["node", Installed("pnpm/bin/pnpm.mjs")]);

    /// <summary>Yarn 1.</summary>
    public Command ClassicYarn(string folder) => In(folder, ["node", Installed("yarn/bin/yarn.js")]);

    /// <summary>Yarn 4, which has its own settings in the project.</summary>
    public Command BerryYarn(string folder) => In(folder, ["node", Installed("@yarnpkg/cli-dist/bin/yarn.js")]);

    private static string NewestNode =>
        $"node-linux-{(RuntimeInformation.ProcessArchitecture == Architecture.Arm64 ? "arm64" : "x64")}/bin/node";

    private static string Installed(string path)
    {
        var file = Path.Combine(TestSettings.Root, ".cache", "tools", "npm-clients", "node_modules", path);
        Requirement.That(File.Exists(file), $"{path} is not installed");
        return file;
    }

    /// <summary>Sets the folder by <c>env</c>, because a command in another namespace may begin in another folder.</summary>
    private Command In(string folder, string[] program)
    {
        var command = _server.Program("env", ["-C", folder, .. program]);
        foreach (var (name, value) in new[]
        {
            ("HOME", Home), ("NPM_CONFIG_USERCONFIG", UserSettings), ("NPM_CONFIG_REGISTRY", Nowhere),
            ("NPM_CONFIG_GLOBALCONFIG", Path.Combine(Home, "no-settings-of-the-machine")),
            ("NPM_CONFIG_CACHE", Cache), ("NPM_CONFIG_AUDIT", "false"), ("NPM_CONFIG_FUND", "false"),
            ("NPM_CONFIG_UPDATE_NOTIFIER", "false"), ("NPM_CONFIG_FETCH_RETRIES", "0"), ("YARN_ENABLE_TELEMETRY", "0"),
            ("YARN_GLOBAL_FOLDER", Path.Combine(Home, "berry")), ("YARN_CACHE_FOLDER", Path.Combine(Home, "yarn-cache")),
            ("XDG_DATA_HOME", Path.Combine(Home, "data")), ("XDG_CONFIG_HOME", Path.Combine(Home, "config")),
            ("XDG_CACHE_HOME", Path.Combine(Home, "xdg-cache")), ("XDG_STATE_HOME", Path.Combine(Home, "state")),
        })
        {
            command.Environment[name] = value;
        }

        if (Authority is not null)
        {
            command.Environment["NODE_EXTRA_CA_CERTS"] = Authority;
        }

        return command;
    }
}
