using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using Berth.Server;
using Berth.Server.Http;
using Berth.Tests.TestServer;
using Microsoft.Extensions.Options;

namespace Berth.Tests.Http;

/// <summary>https by the server itself, with certificate files that something else renews.</summary>
public sealed class ServerCertificateTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("berth-tls-").FullName;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task With_certificate_files_it_serves_https_and_speaks_http_2()
    {
        await using var server = await StartAsync(SelfSigned.Write(_folder));
        using var handler = new SocketsHttpHandler();
        handler.SslOptions.RemoteCertificateValidationCallback = (_, seen, _, _) => seen?.Subject == "CN=berth.test";
        using var client = new HttpClient(handler);
        using var request = new HttpRequestMessage(HttpMethod.Get, $"https://{server.Host}/healthz")
        {
            Version = HttpVersion.Version20,
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
        };
        using var answer = await client.SendAsync(request, Token);
        Assert.Equal("ok\n", await answer.Content.ReadAsStringAsync(Token));
    }

    [Fact]
    public async Task A_renewed_certificate_is_served_without_a_restart()
    {
        var files = SelfSigned.Write(_folder);
        await using var server = await StartAsync(files);
        var first = await SeenAsync(server);
        SelfSigned.Write(_folder);

        // The files are not read at every connection.
        server.Clock!.Advance(TimeSpan.FromSeconds(4));
        Assert.Equal(first, await SeenAsync(server));
        server.Clock.Advance(TimeSpan.FromSeconds(2));
        var second = await SeenAsync(server);
        Assert.NotEqual(first, second);

        // Rename other files over these, the key first. Until both are there, the old certificate is served.
        var other = Directory.CreateDirectory(Path.Combine(_folder, "other")).FullName;
        SelfSigned.Write(other);
        File.Move(Path.Combine(other, "key.pem"), files.Key, overwrite: true);
        server.Clock.Advance(TimeSpan.FromMinutes(1));
        Assert.Equal(second, await SeenAsync(server));
        File.Move(Path.Combine(other, "cert.pem"), files.Certificate, overwrite: true);
        server.Clock.Advance(TimeSpan.FromMinutes(1));
        var third = await SeenAsync(server);
        Assert.True(third != first && third != second, third);
    }

    [Fact]
    public async Task What_a_renewal_left_half_done_is_not_served()
    {
        var files = SelfSigned.Write(_folder);
        await using var server = await StartAsync(files);
        var first = await SeenAsync(server);
        foreach (var harm in new Action[]
        {
            () => File.WriteAllText(files.Certificate, "-----BEGIN CERTIFICATE-----\nMIIB"),
            () => File.WriteAllText(files.Certificate, ""),
            () => File.Delete(files.Certificate),
            () => File.Delete(files.Key),
        })
        {
            harm();
            server.Clock!.Advance(TimeSpan.FromMinutes(1));
            Assert.Equal(first, await SeenAsync(server));
        }

        SelfSigned.Write(_folder);
        server.Clock!.Advance(TimeSpan.FromMinutes(1));
        Assert.NotEqual(first, await SeenAsync(server));
    }

    [Fact]
    public void Files_that_make_no_certificate_end_the_start()
    {
        var (certificate, _) = SelfSigned.Write(_folder);
        var (_, other) = SelfSigned.Write(Directory.CreateDirectory(Path.Combine(_folder, "other")).FullName);
        var exception = Assert.Throws<OptionsValidationException>(
            () => BerthApplication.Build([$"--BERTH_TLS_CERT_FILE={certificate}", $"--BERTH_TLS_KEY_FILE={other}"]));
        Assert.StartsWith(
            "BERTH_TLS_CERT_FILE and BERTH_TLS_KEY_FILE cannot be used: ", exception.Failures.Single(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("berth.example.org,*.berth.example.org", "")]
    [InlineData("berth.example.org", "containers.berth.example.org")]
    [InlineData("*.berth.example.org", "berth.example.org")]
    [InlineData("*.example.org", "containers.berth.example.org")]
    [InlineData("other.example.org", "berth.example.org,containers.berth.example.org")]
    public void It_is_known_which_names_a_certificate_lacks(string names, string lacking)
    {
        var (certificate, key) = SelfSigned.Write(_folder, names.Split(','));
        var files = PemFiles.Read(new TlsOptions { TlsCertFile = certificate, TlsKeyFile = key });
        Assert.True(PemCertificate.TryParse(files, out var read, out _));
        Assert.Equal(lacking, string.Join(',', read.Lacks(["berth.example.org", "containers.berth.example.org", "127.0.0.1"])));
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private static Task<BerthServer> StartAsync((string Certificate, string Key) files) => BerthServer.StartAsync(
        manualClock: true, $"BERTH_TLS_CERT_FILE={files.Certificate}", $"BERTH_TLS_KEY_FILE={files.Key}");

    /// <summary>The fingerprint of the certificate that the server shows to a new connection.</summary>
    private static async Task<string> SeenAsync(BerthServer server)
    {
        using var client = new TcpClient();
        await client.ConnectAsync(IPEndPoint.Parse(server.Host), Token);
        var seen = "";
        await using var secured = new SslStream(client.GetStream(), leaveInnerStreamOpen: false, (_, certificate, _, _) =>
        {
            seen = certificate!.GetCertHashString();
            return seen.Length > 0;
        });
        await secured.AuthenticateAsClientAsync(new SslClientAuthenticationOptions { TargetHost = "localhost" }, Token);
        return seen;
    }
}
