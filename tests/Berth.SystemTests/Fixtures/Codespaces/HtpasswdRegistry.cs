using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using Berth.SystemTests.Fixtures.Tools;
using Berth.Tests.TestServer;

namespace Berth.SystemTests.Fixtures.Codespaces;

/// <summary>Debian's docker-registry with a password file over https, on this machine.</summary>
internal sealed class HtpasswdRegistry : IAsyncDisposable
{
    public const string User = "ada";
    public const string Password = "correct-horse-battery";
    private readonly TemporaryFolder _folder = new();
    private readonly HeldPort _port = new();
    private Process? _process;

    public string Host => $"127.0.0.1:{_port.Number}";

    /// <summary>The certificate file that clients must trust.</summary>
    public string Certificate { get; private set; } = "";

    public static async Task<HtpasswdRegistry> StartAsync()
    {
        Requirement.Program("docker-registry");
        Requirement.Program("htpasswd");
        var registry = new HtpasswdRegistry();
        var folder = registry._folder.Path;
        var (certificate, key) = SelfSigned.Write(folder);
        registry.Certificate = certificate;
        var users = await new Command("htpasswd").RunWithInputAsync(Password, "-nBi", User);
        await File.WriteAllTextAsync(Path.Combine(folder, "htpasswd"), users.Text);
        var configuration = Path.Combine(folder, "config.yml");
        await File.WriteAllTextAsync(configuration, $$"""
            version: 0.1
            log:
              level: error
              accesslog:
                disabled: true
            storage:
              filesystem:
                rootdirectory: {{folder}}/storage
            auth:
              htpasswd:
                realm: test
                path: {{folder}}/htpasswd
            http:
              addr: {{registry.Host}}
              tls:
                certificate: {{certificate}}
                key: {{key}}
            """);
        registry._process = Process.Start(
            new ProcessStartInfo("docker-registry", ["serve", configuration])
            {
                RedirectStandardError = true,
                RedirectStandardOutput = true,
                UseShellExecute = false,
            })!;
        registry._process.BeginErrorReadLine();
        registry._process.BeginOutputReadLine();
        await Patience.UntilAsync(
            async () =>
            {
                Assert.False(registry._process.HasExited, "docker-registry does not start");
                return await registry.ListensAsync();
            },
            $"docker-registry listens at {registry.Host}");

        return registry;
    }

    /// <summary>Pushes an OCI layout. Returns the reference.</summary>
    public async Task<string> PushAsync(string layout, string name)
    {
        var reference = $"{Host}/{name}";
        await new Command("skopeo", "copy", "--dest-tls-verify=false", "--dest-creds", $"{User}:{Password}")
            .RunAsync($"oci:{layout}:latest", "docker://" + reference);
        return reference;
    }

    public async ValueTask DisposeAsync()
    {
        if (_process is { HasExited: false })
        {
            _process.Kill();
            await _process.WaitForExitAsync();
        }

        _process?.Dispose();
        _port.Dispose();
        _folder.Dispose();
    }

    private async Task<bool> ListensAsync()
    {
        try
        {
            using var client = new TcpClient();
            await client.ConnectAsync(IPEndPoint.Parse(Host));
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }
}
