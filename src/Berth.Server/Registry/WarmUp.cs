using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Text;
using Berth.Server.Http;
using Berth.Server.Operations;
using Berth.Server.Registry.Authorization;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;

namespace Berth.Server.Registry;

/// <summary>
/// Asks this server for an image again and again before it reports that it is ready. The runtime compiles a method well only after it has
/// run a few dozen times, and until then a server is several times slower. The image cannot exist, so nothing is needed and nothing is left
/// behind.
/// </summary>
internal sealed partial class WarmUp(
    RegistryTokens tokens, AddressOptions options, ServerCertificate certificate, IServer server, Opening opening, TimeProvider time,
    ILogger<WarmUp> logger)
{
    /// <summary>The name is below a reserved login, so it can never exist.</summary>
    private const string Image = "readyz/warm-up";

    private const int Connections = 4;
    private const int RequestsOfConnection = 32;

    /// <summary>Long enough for the compiler to finish most of what is called often. It is half of a start.</summary>
    private static readonly TimeSpan Longest = TimeSpan.FromMilliseconds(650);

    /// <summary>
    /// Longer than the runtime waits for a pause before it counts calls, plus time for its compiler. Requests without a break would hinder
    /// both.
    /// </summary>
    private static readonly TimeSpan Break = TimeSpan.FromMilliseconds(40);

    public async Task RunAsync(CancellationToken cancellationToken)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(Longest);
        try
        {
            var address = BindingAddress.Parse(server.Features.Get<IServerAddressesFeature>()!.Addresses.First());
            var requests = Requests();
            await Task.WhenAll(Enumerable.Range(0, Connections).Select(_ => AskAsync(address, requests, limit.Token)));
        }
        catch (OperationCanceledException)
        {
            // The time is over.
        }
        catch (Exception exception) when (exception is IOException or SocketException or AuthenticationException)
        {
            LogCold(exception.Message);
        }
        finally
        {
            opening.Open();
        }
    }

    private async Task AskAsync(BindingAddress address, byte[] requests, CancellationToken cancellationToken)
    {
        var answers = new byte[16 * 1024];
        while (true)
        {
            using var client = new TcpClient();
            await client.ConnectAsync(Reachable(address), cancellationToken);
            await using var stream = await OpenAsync(client, address, cancellationToken);
            await stream.WriteAsync(requests, cancellationToken);

            // The last request asks the server to close the connection.
            while (await stream.ReadAsync(answers, cancellationToken) > 0)
            {
            }

            await Task.Delay(Break, time, cancellationToken);
        }
    }

    private static IPEndPoint Reachable(BindingAddress address)
    {
        var host = IPAddress.TryParse(address.Host.Trim('[', ']'), out var ip) ? ip : IPAddress.Loopback;
        if (host.Equals(IPAddress.Any) || host.Equals(IPAddress.IPv6Any))
        {
            host = host.AddressFamily == AddressFamily.InterNetwork ? IPAddress.Loopback : IPAddress.IPv6Loopback;
        }

        return new IPEndPoint(host, address.Port);
    }

    private async Task<Stream> OpenAsync(TcpClient client, BindingAddress address, CancellationToken cancellationToken)
    {
        if (address.Scheme != Uri.UriSchemeHttps)
        {
            return client.GetStream();
        }

        // The answer comes from this server, so the name in its certificate does not matter.
        var own = certificate.Current.Leaf;
        var secured = new SslStream(client.GetStream(), leaveInnerStreamOpen: false, (_, shown, _, _) => own.Equals(shown));
        await secured.AuthenticateAsClientAsync(new SslClientAuthenticationOptions { TargetHost = address.Host }, cancellationToken);
        return secured;
    }

    /// <summary>The requests of a pull: the manifest by its tag, and for each layer whether it exists and then its bytes.</summary>
    private byte[] Requests()
    {
        var token = tokens.Issue(tokenId: null, [new RegistryGrant(Image, RegistryActions.Pull, RegistryActions.Pull)]);
        var blob = "blobs/sha256:" + new string('0', 64);
        (string Method, string Path)[] pull = [("GET", "manifests/latest"), ("HEAD", blob), ("GET", "manifests/latest"), ("GET", blob)];
        var text = new StringBuilder();
        for (var i = 0; i < RequestsOfConnection; i++)
        {
            var (method, path) = pull[i % pull.Length];
            text.Append($"{method} /v2/{Image}/{path} HTTP/1.1\r\nHost: {options.RegistryHost}\r\nAuthorization: Bearer {token}\r\n");
            text.Append(i == RequestsOfConnection - 1 ? "Connection: close\r\n\r\n" : "\r\n");
        }

        return Encoding.ASCII.GetBytes(text.ToString());
    }

    [LoggerMessage(
        Level = LogLevel.Warning, Message = "the first requests will be slow: the warm-up did not reach the server itself ({Reason})")]
    private partial void LogCold(string reason);
}
