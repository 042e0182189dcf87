using Berth.SystemTests.Fixtures.Server;
using Berth.SystemTests.Fixtures.Tools;
using Berth.Tests.TestServer;

namespace Berth.SystemTests.Clients;

/// <summary>Berth on plain http behind nginx, which has the wildcard certificate, as the documentation for operators describes.</summary>
public sealed class ProxyTests : IDisposable
{
    private const string Name = "berth.test";
    private readonly TemporaryFolder _folder = new();

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Behind_nginx_as_documented_clients_push_and_pull(bool subdomains)
    {
        Requirement.Program("nginx");
        Requirement.Program("skopeo");
        var (certificate, key) = SelfSigned.Write(_folder.Path, Name, "*." + Name);
        File.Copy(certificate, Path.Combine(_folder.Create("trusted"), "ca.crt"));
        await using var names = await PrivateNames.StartAsync(Name, "containers." + Name);
        await using var proxy = new NginxProxy();
        var url = new Uri($"https://{Name}:{proxy.Port}");
        await using var server = await StartAsync(names, proxy, url, (certificate, key), subdomains);

        var ada = await server.UserAsync("ada");
        var auth = $"--authfile={_folder["auth.json"]}";
        var trust = $"--cert-dir={_folder["trusted"]}";
        var skopeo = server.Program("skopeo");
        await skopeo.RunWithInputAsync(ada.Token, "login", trust, auth, "-u", ada.Login, "--password-stdin", server.Images);
        var name = $"docker://{server.Images}/{ada.Login}/tools/app:1";
        await skopeo.RunAsync(
            "copy", $"--dest-cert-dir={_folder["trusted"]}", auth, "oci:" + await BaseImage.LayoutAsync() + ":latest", name);
        await skopeo.RunAsync("copy", $"--src-cert-dir={_folder["trusted"]}", auth, name, "dir:" + _folder.Create("copy"));
        await skopeo.RefusedAsync("inspect", trust, auth, $"docker://{(subdomains ? server.Host : "containers." + server.Host)}/x/y:1");

        // The proxy replaces what a client says about its own address and about the host.
        async Task<string> Curl(string path, params string[] more) => (await server.Program("curl").RunAsync(
            ["--silent", "--include", "--cacert", certificate, .. more, url + path[1..]])).Text;
        var forged = await Curl(
            "/v2/", "--header", "X-Forwarded-Host: containers.evil.test", "--header", $"X-Forwarded-Host: containers.{Name}");
        Assert.DoesNotContain("evil", forged, StringComparison.Ordinal);
        Assert.Contains(subdomains ? " 404" : $"realm=\"https://{server.Images}/token\"", forged, StringComparison.Ordinal);
    }

    public void Dispose() => _folder.Dispose();

    /// <summary>
    /// Starts both. The proxy begins when Berth has its port, and Berth is ready when it can be reached through the proxy.
    /// </summary>
    private static async Task<ServerProcess> StartAsync(
        PrivateNames names, NginxProxy proxy, Uri url, (string Certificate, string Key) files, bool subdomains) =>
        await ServerProcess.StartAtAsync(
            new ServerPlace(Name)
            {
                Enter = names.Enter,
                Url = url,
                Certificate = files.Certificate,
                Listening = listens => proxy.StartAsync(Name, listens, files.Certificate, files.Key),
            },
            $"proxy-{subdomains}", null, $"BERTH_SUBDOMAINS={(subdomains ? "true" : "false")}", "BERTH_TRUSTED_PROXIES=127.0.0.1,::1");
}
