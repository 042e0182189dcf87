using System.Net.Security;
using System.Security.Cryptography.X509Certificates;
using Berth.Server.Http;

namespace Berth.Server.Registries.Remote;

/// <summary>
/// The connections to registries and to AWS. Every address is judged when it is connected to. Certificates are checked against the system's
/// roots and <c>BERTH_CA_FILE</c>. Redirects, cookies and compressed bodies are not handled automatically. Failures that may pass are tried
/// again (<see cref="RetryHandler"/>).
/// </summary>
internal sealed class RemoteHttp : IDisposable
{
    private const int LargestHeadersKiB = 64;
    private readonly TimeProvider _time;

    public RemoteHttp(OutgoingOptions options, OutgoingNetworks networks, TimeProvider time)
        : this(options, networks.ConnectAsync, time)
    {
    }

    /// <param name="options">Names <c>BERTH_CA_FILE</c>.</param>
    internal RemoteHttp(
        OutgoingOptions options, Func<SocketsHttpConnectionContext, CancellationToken, ValueTask<Stream>> connect, TimeProvider time)
    {
        _time = time;
        Outside = Client(options, connect);
        Own = Client(options, null);
    }

    /// <summary>For addresses that outgoing requests may reach.</summary>
    public HttpClient Outside { get; }

    /// <summary>For addresses from the operator's settings: Berth's own, and <c>BERTH_ECR_ENDPOINT</c>.</summary>
    public HttpClient Own { get; }

    public void Dispose()
    {
        Outside.Dispose();
        Own.Dispose();
    }

    private HttpClient Client(
        OutgoingOptions options, Func<SocketsHttpConnectionContext, CancellationToken, ValueTask<Stream>>? connect) =>
        new(new RetryHandler(Handler(options, connect), _time)) { Timeout = Timeout.InfiniteTimeSpan };

    /// <summary>Makes the handler for every connection that Berth itself opens.</summary>
    /// <param name="connect">Connects, and judges the address first. Null: any address is allowed.</param>
    public static SocketsHttpHandler Handler(
        OutgoingOptions options, Func<SocketsHttpConnectionContext, CancellationToken, ValueTask<Stream>>? connect)
    {
        var handler = new SocketsHttpHandler
        {
            AllowAutoRedirect = false,
            UseCookies = false,
            UseProxy = false,
            AutomaticDecompression = System.Net.DecompressionMethods.None,
            ConnectTimeout = TimeSpan.FromSeconds(10),
            PooledConnectionLifetime = TimeSpan.FromMinutes(5),
            PooledConnectionIdleTimeout = TimeSpan.FromSeconds(30),
            MaxResponseHeadersLength = LargestHeadersKiB,
            MaxResponseDrainSize = 0,
            SslOptions = new SslClientAuthenticationOptions { CertificateChainPolicy = Policy(Roots(options.CaFile)) },
        };
        if (connect is not null)
        {
            handler.ConnectCallback = connect;
        }

        return handler;
    }

    /// <summary>Never fetches a certificate from an address that another certificate names.</summary>
    private static X509ChainPolicy Policy(X509Certificate2Collection? roots)
    {
        var policy = new X509ChainPolicy { RevocationMode = X509RevocationMode.NoCheck, DisableCertificateDownloads = true };
        if (roots is not null)
        {
            policy.TrustMode = X509ChainTrustMode.CustomRootTrust;
            policy.CustomTrustStore.AddRange(roots);
        }

        return policy;
    }

    /// <summary>Null: only the system's roots.</summary>
    private static X509Certificate2Collection? Roots(string? file)
    {
        if (string.IsNullOrEmpty(file))
        {
            return null;
        }

        var roots = new X509Certificate2Collection();
        roots.ImportFromPemFile(file);
        using var system = new X509Store(StoreName.Root, StoreLocation.LocalMachine);
        system.Open(OpenFlags.ReadOnly);
        roots.AddRange(system.Certificates);
        return roots;
    }
}
