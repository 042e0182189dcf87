using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Text.Json;
using Berth.Server.Faults;
using Berth.Server.Http;
using Berth.Server.Json;

namespace Berth.Server.Registries.Remote;

/// <summary>
/// Sends requests so that a login goes to one place only. Redirects are followed without it, answers are read up to a limit, and every
/// failure becomes a <see cref="FaultException"/> in words for a person.
/// </summary>
internal sealed class RegistryWire(RemoteHttp http, string? ownAuthority)
{
    private const int MostRedirects = 5;
    private const int LargestError = 16 * 1024;
    private const int LongestReason = 200;

    private static readonly SocketError[] NameErrors =
        [SocketError.HostNotFound, SocketError.NoData, SocketError.TryAgain, SocketError.NoRecovery];

    /// <summary>Names of the fields that contain a reason. The token servers of Docker Hub and Google have their own.</summary>
    private static readonly string[] ReasonNames = ["details", "message", "error_description", "error", "detail"];

    /// <summary>The caller disposes the answer, whose body has not been read.</summary>
    /// <param name="method">GET or HEAD.</param>
    /// <exception cref="FaultException">No answer came.</exception>
    public async Task<HttpResponseMessage> SendAsync(
        HttpMethod method, Uri uri, AuthenticationHeaderValue? login, IReadOnlyList<string> accept, CancellationToken cancellationToken)
    {
        var target = uri;
        for (var hop = 0; ; hop++)
        {
            var response = await SendOnceAsync(method, target, hop == 0 ? login : null, accept, cancellationToken);
            if ((int)response.StatusCode is not (301 or 302 or 303 or 307 or 308))
            {
                return response;
            }

            using (response)
            {
                var next = response.Headers.Location is { } location ? new Uri(target, location) : null;
                if (next is null || hop == MostRedirects || !IsSafe(uri, next))
                {
                    var how = next is null ? "without saying where"
                        : hop == MostRedirects ? "too often" : $"to {next.Scheme}://{next.Authority}, which is not followed";
                    throw new FaultException(FaultKind.Unusable, $"{uri.Authority} redirects {how}");
                }

                target = next;
            }
        }
    }

    /// <exception cref="FaultException">The body is larger than <paramref name="limit"/> bytes, or ended early.</exception>
    public static async Task<byte[]> ReadAsync(HttpResponseMessage response, int limit, CancellationToken cancellationToken)
    {
        var place = response.RequestMessage!.RequestUri!.Authority;
        try
        {
            if (response.Content.Headers.ContentLength > limit)
            {
                throw new FaultException(FaultKind.Unusable, $"{place} answers with more than {limit / 1024} KiB");
            }

            await using var stream = await response.Content.ReadAsStreamAsync(cancellationToken);
            using var buffer = new MemoryStream();
            var chunk = new byte[16 * 1024];
            int read;
            while ((read = await stream.ReadAsync(chunk, cancellationToken)) > 0)
            {
                if (buffer.Length + read > limit)
                {
                    throw new FaultException(FaultKind.Unusable, $"{place} answers with more than {limit / 1024} KiB");
                }

                buffer.Write(chunk, 0, read);
            }

            return buffer.ToArray();
        }
        catch (Exception exception) when (exception is HttpRequestException or IOException)
        {
            throw new FaultException(FaultKind.Unreachable, $"the answer of {place} breaks off");
        }
    }

    /// <summary>
    /// Returns the status and the reason in the body, in one of the forms that registries and token servers use. The reason is short and on
    /// one line.
    /// </summary>
    public static async Task<(string Code, string Reason)> ReasonAsync(HttpResponseMessage response, CancellationToken cancellationToken)
    {
        var (code, words) = ("", "");
        try
        {
            var body = await ReadAsync(response, LargestError, cancellationToken);
            using var document = OutsideJson.Parse(body, default);
            (code, words) = ReasonOf(document.RootElement);
        }
        catch (Exception exception) when (exception is FaultException or OutsideJsonException)
        {
            // The body is not a registry's error, so only the status is reported.
        }

        var told = string.Join(": ", new[] { code, words }.Where(part => part.Length > 0));
        return (code, $"{(int)response.StatusCode}{(told.Length > 0 ? " " + OneLine(told) : "")}");
    }

    /// <summary>Makes a stranger's text harmless for a line of a log.</summary>
    public static string OneLine(string text)
    {
        var clean = new string([.. text.Select(c => char.IsControl(c) ? ' ' : c)]).Trim();
        return clean.Length > LongestReason ? clean[..LongestReason] + "…" : clean;
    }

    private async Task<HttpResponseMessage> SendOnceAsync(
        HttpMethod method, Uri uri, AuthenticationHeaderValue? login, IReadOnlyList<string> accept, CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(method, uri);
        request.Headers.Authorization = login;
        request.Headers.UserAgent.Add(new ProductInfoHeaderValue("berth", "0.1"));
        foreach (var type in accept)
        {
            request.Headers.Accept.Add(new MediaTypeWithQualityHeaderValue(type));
        }

        try
        {
            var client = uri.Authority.Equals(ownAuthority, StringComparison.OrdinalIgnoreCase) ? http.Own : http.Outside;
            return await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellationToken);
        }
        catch (HttpRequestException exception)
        {
            throw Failed(uri, exception);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw new FaultException(FaultKind.Unreachable, $"{uri.Authority} does not answer");
        }
    }

    /// <summary>
    /// A redirect must not change from https to http. A registry with plain http on this machine may redirect only to this machine.
    /// </summary>
    private static bool IsSafe(Uri from, Uri to) =>
        to.UserInfo.Length == 0
        && (to.Scheme == Uri.UriSchemeHttps
            || (to.Scheme == Uri.UriSchemeHttp
                && from.Scheme == Uri.UriSchemeHttp
                && RealmRule.IsLoopback(to) == RealmRule.IsLoopback(from)));

    private static FaultException Failed(Uri uri, HttpRequestException exception)
    {
        for (Exception? cause = exception; cause is not null; cause = cause.InnerException)
        {
            switch (cause)
            {
                case OutgoingRefusedException refused:
                    return new FaultException(FaultKind.AddressRefused, $"{uri.Authority} may not be reached: {refused.Message}");
                case SocketException socket when NameErrors.Contains(socket.SocketErrorCode):
                    return new FaultException(FaultKind.UnknownHost, $"the name {uri.IdnHost} cannot be found in DNS");
                case SocketException socket:
                    return new FaultException(FaultKind.Unreachable, $"{uri.Authority} cannot be reached: {socket.Message}");
                case AuthenticationException tls when tls.Message.Contains("certificate", StringComparison.OrdinalIgnoreCase):
                    return new FaultException(
                        FaultKind.UntrustedCertificate, $"the certificate of {uri.Authority} is not trusted: {Why(tls.Message)}");
                case AuthenticationException:
                    return new NotTlsException(new Fault(FaultKind.Unreachable, $"{uri.Authority} does not speak TLS"));
            }
        }

        return exception.HttpRequestError == HttpRequestError.SecureConnectionError
            ? new NotTlsException(new Fault(FaultKind.Unreachable, $"{uri.Authority} does not speak TLS"))
            : new FaultException(
                FaultKind.Unreachable,
                $"{uri.Authority} gives no usable answer: {OneLine(exception.InnerException?.Message ?? exception.Message)}");
    }

    private static string Why(string message) => message switch
    {
        _ when message.Contains("NameMismatch", StringComparison.Ordinal) => "it is for another name",
        _ when message.Contains("NotTimeValid", StringComparison.Ordinal) => "it has expired, or is not valid yet",
        _ when message.Contains("UntrustedRoot", StringComparison.Ordinal) || message.Contains("PartialChain", StringComparison.Ordinal)
            || message.Contains("NotSignatureValid", StringComparison.Ordinal) =>
            "nobody that this server trusts has signed it; an authority of your own goes into BERTH_CA_FILE",
        _ => OneLine(message),
    };

    private static (string Code, string Message) ReasonOf(JsonElement body)
    {
        foreach (var error in body.ListOf("errors"))
        {
            return (error.TextOf("code") ?? "", error.TextOf("message") ?? "");
        }

        return ("", ReasonNames.Select(name => body.TextOf(name)).FirstOrDefault(text => !string.IsNullOrEmpty(text)) ?? "");
    }
}

/// <summary>The other side did not speak TLS. It may use plain http.</summary>
internal sealed class NotTlsException(Fault fault) : FaultException(fault);
