using Berth.Server.Http;
using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Berth.Server.Registries.Remote;
using Berth.Server.Registries;
using Berth.Tests.TestServer;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Berth.Tests.Registries.Remote;

/// <summary>
/// Host names that are served on this machine. Every connection of the client goes to one real server, which has a certificate for whatever
/// name it is asked for. Names without a host do not resolve.
/// </summary>
internal sealed class TestInternet : IAsyncDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("berth-internet-").FullName;
    private readonly ConcurrentDictionary<string, RequestDelegate> _hosts = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, X509Certificate2> _certificates = new(StringComparer.Ordinal);
    private readonly HashSet<string> _plain = new(StringComparer.Ordinal);
    private readonly X509Certificate2 _authority = Authority("authority of the tests");
    private int _https;
    private int _http;
    private WebApplication? _app;

    public sealed record Request(string Host, string Target, string? Authorization);

    /// <summary>All requests, in their order.</summary>
    public ConcurrentQueue<Request> Requests { get; } = new();

    public ManualTimeProvider Clock { get; } = new();

    public string AuthorityFile => Path.Combine(_folder, "ca.pem");

    public static async Task<TestInternet> StartAsync()
    {
        var internet = new TestInternet();
        File.WriteAllText(internet.AuthorityFile, internet._authority.ExportCertificatePem());
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseKestrelHttpsConfiguration().ConfigureKestrel(kestrel =>
        {
            kestrel.Listen(IPAddress.Loopback, 0);
            kestrel.Listen(
                IPAddress.Loopback, 0,
                listen => listen.UseHttps(tls => tls.ServerCertificateSelector = (_, name) => internet.CertificateOf(name ?? "none")));
        });
        internet._app = builder.Build();
        internet._app.Run(internet.AnswerAsync);
        await internet._app.StartAsync();
        var places = internet._app.Urls.Select(url => new Uri(url))
            .ToDictionary(url => url.Scheme, url => url.Port, StringComparer.Ordinal);
        (internet._http, internet._https) = (places["http"], places["https"]);
        return internet;
    }

    public void Serve(string host, RequestDelegate answer) => _hosts[host] = answer;

    /// <summary>A host that does not speak TLS, on any port.</summary>
    public void ServePlain(string host, RequestDelegate answer)
    {
        _plain.Add(host);
        Serve(host, answer);
    }

    /// <summary>Gives the host a certificate that the authority did not sign, or for another name, or for another time.</summary>
    public void Certify(string host, string? name = null, bool trusted = true, int fromDay = -1) =>
        _certificates[host] = Sign(name ?? host, trusted ? _authority : Authority("stranger"), fromDay);

    public RemoteHttp Http() => new(new OutgoingOptions { CaFile = AuthorityFile }, ConnectAsync, Clock);

    public RegistryClient Client(string? tokenRealms = null) =>
        new(Http(), new RealmRule(new RegistryLoginOptions { TokenRealms = tokenRealms }), new AddressOptions(), Clock);

    public async ValueTask DisposeAsync()
    {
        await _app!.StopAsync();
        await _app.DisposeAsync();
        Directory.Delete(_folder, recursive: true);
    }

    private async ValueTask<Stream> ConnectAsync(SocketsHttpConnectionContext context, CancellationToken cancellationToken)
    {
        var host = context.DnsEndPoint.Host;
        if (!_hosts.ContainsKey(host))
        {
            throw new SocketException(
                (int)(host.StartsWith("down.", StringComparison.Ordinal) ? SocketError.ConnectionRefused : SocketError.HostNotFound));
        }

        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        await socket.ConnectAsync(
            IPAddress.Loopback, context.DnsEndPoint.Port == 80 || _plain.Contains(host) ? _http : _https, cancellationToken);
        return new NetworkStream(socket, ownsSocket: true);
    }

    private Task AnswerAsync(HttpContext http)
    {
        var host = http.Request.Host.Host;
        Requests.Enqueue(
            new Request(
                host, http.Request.Method + " " + http.Request.Path + http.Request.QueryString,
                http.Request.Headers.Authorization.FirstOrDefault()));
        return _hosts.TryGetValue(host, out var answer) ? answer(http) : Task.CompletedTask;
    }

    private X509Certificate2 CertificateOf(string name) => _certificates.GetOrAdd(name, host => Sign(host, _authority, -1));

    private static X509Certificate2 Authority(string name)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=" + name, key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        var from = TimeProvider.System.GetUtcNow().AddDays(-100);
        return request.CreateSelfSigned(from, from.AddDays(200));
    }

    private static X509Certificate2 Sign(string name, X509Certificate2 authority, int fromDay)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=" + (name.Length > 60 ? "long" : name), key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddDnsName(name);
        request.CertificateExtensions.Add(names.Build());
        var from = TimeProvider.System.GetUtcNow().AddDays(fromDay);
        using var certificate = request.Create(authority, from, from.AddDays(30), RandomNumberGenerator.GetBytes(8));
        using var whole = certificate.CopyWithPrivateKey(key);
        return X509CertificateLoader.LoadPkcs12(whole.Export(X509ContentType.Pkcs12), null);
    }
}
