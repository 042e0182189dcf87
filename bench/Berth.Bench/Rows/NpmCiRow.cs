using System.Diagnostics;
using System.Text.Json;
using Berth.SystemTests.Fixtures.Clients;

namespace Berth.Bench.Rows;

/// <summary>The first step of a CI job: npm itself installs by a lock file, with an empty cache.</summary>
internal sealed class NpmCiRow() : SideBySide(Sides.BesideVerdaccio)
{
    private const string Scope = "bench";
    private const int Size = 20_000;

    protected override string Noun => "npm-ci";

    protected override string What => "npm ci of 200 packages of 20 kB (250 versions), empty cache";

    public override string Unit => "s";

    public override double Target => 1;

    public override bool AtMost => true;

    protected override async Task FillAsync(ServerProcess server, CancellationToken cancellationToken)
    {
        var client = NpmClient.Of(server);
        var tree = new PackageTree(Scope);
        var document = Path.Combine(server.Folder, "publish.json");
        foreach (var version in tree.Packages.SelectMany(versions => versions))
        {
            await NpmClient.WriteDocumentAsync(
                document, version.Name, version.Version, Size, cancellationToken, JsonSerializer.Serialize(version.Dependencies));
            await client.PublishAsync(version.Name, document, cancellationToken);
        }

        var project = Directory.CreateDirectory(Project(server)).FullName;
        var token = client.Authorization is { } authorization
            ? $"{client.Root["http:".Length..]}:_authToken={authorization["Bearer ".Length..]}\n" : "";
        await File.WriteAllTextAsync(Path.Combine(project, ".npmrc"), $"@{Scope}:registry={client.Root}\n{token}", cancellationToken);
        await File.WriteAllTextAsync(
            Path.Combine(project, "package.json"),
            $$$"""{"name":"app","version":"1.0.0","private":true,"dependencies":{"{{{tree.Root}}}":"^1.0.0"}}""", cancellationToken);
        await NpmAsync(server, cancellationToken, "install", "--package-lock-only");
    }

    protected override async Task<double> MeasureAsync(ServerProcess server, int round, CancellationToken cancellationToken)
    {
        foreach (var folder in new[] { Path.Combine(Project(server), "node_modules"), Cache(server) }.Where(Directory.Exists))
        {
            Directory.Delete(folder, recursive: true);
        }

        var clock = Stopwatch.StartNew();
        await NpmAsync(server, cancellationToken, "ci");
        return clock.Elapsed.TotalSeconds;
    }

    private static string Project(ServerProcess server) => Path.Combine(server.Folder, "project");

    private static string Cache(ServerProcess server) => Path.Combine(server.Folder, "npm-cache");

    private static async Task NpmAsync(ServerProcess server, CancellationToken cancellationToken, params string[] arguments)
    {
        var info = new ProcessStartInfo("npm", [.. arguments, "--no-audit", "--no-fund", "--no-update-notifier", "--loglevel", "error"])
        {
            WorkingDirectory = Project(server),
            UseShellExecute = false,
            RedirectStandardError = true,
            RedirectStandardOutput = true,
        };
        info.Environment["NPM_CONFIG_USERCONFIG"] = Path.Combine(Project(server), ".npmrc");
        info.Environment["NPM_CONFIG_CACHE"] = Cache(server);
        using var npm = Process.Start(info)!;
        var output = npm.StandardOutput.ReadToEndAsync(cancellationToken);
        var error = await npm.StandardError.ReadToEndAsync(cancellationToken);
        await npm.WaitForExitAsync(cancellationToken);
        if (npm.ExitCode != 0)
        {
            throw new InvalidOperationException($"npm {arguments[0]} fails at {server.Url}:\n{await output}{error}");
        }
    }
}
