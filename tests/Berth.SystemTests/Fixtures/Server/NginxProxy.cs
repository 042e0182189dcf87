using System.Diagnostics;
using System.Globalization;
using System.Net.Sockets;
using Berth.SystemTests.Fixtures.Tools;
using Berth.Tests.TestServer;

namespace Berth.SystemTests.Fixtures.Server;

/// <summary>nginx with the configuration in docs/names-and-certificates.md, with names, ports and files of the test.</summary>
internal sealed class NginxProxy : IAsyncDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly HeldPort _port = new();
    private Process? _process;

    public int Port => _port.Number;

    /// <param name="upstream">Berth's <c>HOST:PORT</c>.</param>
    public async Task StartAsync(string name, string upstream, string certificate, string key)
    {
        var page = await File.ReadAllTextAsync(
            Path.Combine(TestSettings.Root, "docs", "names-and-certificates.md"), TestContext.Current.CancellationToken);
        var shown = page.Split("```nginx\n")[1].Split("```")[0];
        foreach (var (documented, own) in new[]
        {
            ("listen 443 ssl", $"listen 127.0.0.1:{Port.ToString(CultureInfo.InvariantCulture)} ssl"), ("berth.example.com", name),
            ("/etc/berth/cert.pem", certificate), ("/etc/berth/key.pem", key), ("127.0.0.1:5000", upstream),
        })
        {
            Assert.Contains(documented, shown, StringComparison.Ordinal);
            shown = shown.Replace(documented, own, StringComparison.Ordinal);
        }

        var configuration = _folder["nginx.conf"];
        await File.WriteAllTextAsync(
            configuration,
            $$"""
            daemon off;
            pid {{_folder["pid"]}};
            error_log stderr crit;
            events {}
            http {
                access_log off;
                client_body_temp_path {{_folder["body"]}};
                proxy_temp_path {{_folder["proxy"]}};
                fastcgi_temp_path {{_folder["fastcgi"]}};
                uwsgi_temp_path {{_folder["uwsgi"]}};
                scgi_temp_path {{_folder["scgi"]}};
                {{shown}}
            }
            """,
            TestContext.Current.CancellationToken);
        _process = Process.Start(new ProcessStartInfo("nginx", ["-p", _folder.Path, "-c", configuration]) { UseShellExecute = false })!;
        await Patience.UntilAsync(async () =>
        {
            Assert.False(_process.HasExited, "nginx does not start");
            try
            {
                using var client = new TcpClient();
                await client.ConnectAsync("127.0.0.1", Port, TestContext.Current.CancellationToken);
                return true;
            }
            catch (SocketException)
            {
                return false;
            }
        });
    }

    public async ValueTask DisposeAsync()
    {
        if (_process is { HasExited: false })
        {
            using var kill = Process.Start("kill", ["-TERM", _process.Id.ToString(CultureInfo.InvariantCulture)]);
            await kill.WaitForExitAsync();
            await _process.WaitForExitAsync();
        }

        _process?.Dispose();
        _port.Dispose();
        _folder.Dispose();
    }
}
