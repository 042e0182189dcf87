using System.Diagnostics;

namespace Berth.Bench;

/// <summary>The peer: Debian's docker-registry with its blob cache, without authentication and without an access log.</summary>
internal sealed class DockerRegistry(string folder) : ServerProcess(folder)
{
    public override string Owner => "bench";

    protected override string ReadyPath => "/v2/";

    public override Task<string?> AuthorizationAsync(string repository, CancellationToken cancellationToken) =>
        Task.FromResult<string?>(null);

    protected override ProcessStartInfo Command()
    {
        var configuration = Path.Combine(Folder, "config.yml");
        File.WriteAllText(configuration, $$"""
            version: 0.1
            log:
              level: error
              accesslog:
                disabled: true
            storage:
              cache:
                blobdescriptor: inmemory
              filesystem:
                rootdirectory: {{Folder}}/storage
              delete:
                enabled: true
            http:
              addr: 127.0.0.1:{{Port}}
            """);
        return new ProcessStartInfo("docker-registry", ["serve", configuration]);
    }
}
