using System.Diagnostics;

namespace Berth.Bench;

/// <summary>The peer of the npm rows, open to everybody and without a registry behind it.</summary>
internal sealed class Verdaccio(string folder, string program) : ServerProcess(folder)
{
    public override string Owner => "bench";

    protected override string ReadyPath => "/-/ping";

    public override Task<string?> AuthorizationAsync(string repository, CancellationToken cancellationToken) =>
        Task.FromResult<string?>(null);

    protected override ProcessStartInfo Command()
    {
        var configuration = Path.Combine(Folder, "config.yaml");
        File.WriteAllText(configuration, $$"""
            storage: {{Folder}}/storage
            max_body_size: 400mb
            auth:
              htpasswd:
                file: {{Folder}}/htpasswd
            packages:
              '**':
                access: $all
                publish: $all
                unpublish: $all
            log: { type: stdout, format: pretty, level: error }
            """);
        return new ProcessStartInfo("node", [program, "--config", configuration, "--listen", $"127.0.0.1:{Port}"]);
    }
}
