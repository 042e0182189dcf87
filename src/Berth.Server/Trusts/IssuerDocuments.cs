using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;
using Berth.Server.Json;
using Berth.Server.Registries.Remote;

namespace Berth.Server.Trusts;

/// <summary>The keys that an issuer publishes could not be read. The words say why.</summary>
internal sealed class IssuerUnreadableException(string message) : Exception(message);

/// <summary>
/// Reads the keys of an issuer from where it publishes them (OpenID Connect Discovery 1.0 section 4). It refuses large documents and
/// follows no redirect.
/// </summary>
internal sealed class IssuerDocuments(RemoteHttp http, TimeProvider time)
{
    private const int LargestDiscovery = 64 * 1024;
    private const int LargestKeys = 256 * 1024;
    private static readonly TimeSpan LongestWait = TimeSpan.FromSeconds(10);

    /// <summary>Null when ID tokens of this issuer can be trusted, else what is wrong with its URL.</summary>
    public static string? FaultOf(string issuer) =>
        !Uri.TryCreate(issuer, UriKind.Absolute, out var url) || url.Host.Length == 0 || issuer.Any(c => c <= ' ') ? "is no URL"
        : url.UserInfo.Length > 0 || url.Query.Length > 0 || url.Fragment.Length > 0 || issuer.AsSpan().ContainsAny('?', '#')
            ? "has more than scheme, host and path"
        : MayBeAsked(url) ? null
        : "must begin with https://";

    /// <exception cref="IssuerUnreadableException">The issuer cannot be reached, or its answer is not a set of keys.</exception>
    public async Task<IssuerKeySet> ReadKeysAsync(string issuer, CancellationToken cancellationToken)
    {
        using var deadline = new CancellationTokenSource(LongestWait, time);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(deadline.Token, cancellationToken);
        try
        {
            var discovery = new Uri(issuer.TrimEnd('/') + "/.well-known/openid-configuration");
            using var document = OutsideJson.Parse(
                await ReadAsync(discovery, LargestDiscovery, both.Token), new JsonDocumentOptions { MaxDepth = 16 });
            if (document.RootElement.TextOf("issuer") != issuer)
            {
                throw new IssuerUnreadableException($"{discovery} names another issuer");
            }

            if (!Uri.TryCreate(document.RootElement.TextOf("jwks_uri"), UriKind.Absolute, out var keys)
                || !(MayBeAsked(keys) && (keys.Scheme == Uri.UriSchemeHttps || discovery.Scheme == Uri.UriSchemeHttp)))
            {
                throw new IssuerUnreadableException($"{discovery} names no https address of keys");
            }

            return IssuerKeySet.Parse(await ReadAsync(keys, LargestKeys, both.Token));
        }
        catch (OutsideJsonException)
        {
            throw new IssuerUnreadableException($"what {issuer} publishes is no JSON");
        }
        catch (HttpRequestException exception)
        {
            throw new IssuerUnreadableException($"{issuer} cannot be reached: {exception.InnerException?.Message ?? exception.Message}");
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw new IssuerUnreadableException($"{issuer} does not answer");
        }
    }

    /// <summary>Plain http is allowed only on this machine, where nobody can intercept it, and only if the operator allows it.</summary>
    private static bool MayBeAsked(Uri url) =>
        url.Scheme == Uri.UriSchemeHttps || (url.Scheme == Uri.UriSchemeHttp && RealmRule.IsLoopback(url));

    private async Task<ReadOnlyMemory<byte>> ReadAsync(Uri url, int largest, CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, url);
        request.Headers.Accept.Add(new MediaTypeWithQualityHeaderValue("application/json"));
        using var response = await http.Outside.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellationToken);
        if (response.StatusCode != HttpStatusCode.OK)
        {
            throw new IssuerUnreadableException($"{url} answers {(int)response.StatusCode}");
        }

        using var content = new MemoryStream();
        await using var body = await response.Content.ReadAsStreamAsync(cancellationToken);
        var piece = new byte[16 * 1024];
        int read;
        try
        {
            while ((read = await body.ReadAsync(piece, cancellationToken)) > 0)
            {
                if (content.Length + read > largest)
                {
                    throw new IssuerUnreadableException($"{url} answers with more than {largest / 1024} KiB");
                }

                content.Write(piece, 0, read);
            }
        }
        catch (IOException exception)
        {
            throw new HttpRequestException(exception.Message, exception);
        }

        return content.ToArray();
    }
}
