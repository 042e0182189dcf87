using System.Net;
using Berth.Server.Faults;
using Berth.Server.Http;

namespace Berth.Server.Registries.Remote;

/// <summary>
/// Reads a file whose URL comes from somebody else's text. It connects only to addresses that outgoing requests may reach, also after
/// redirects, and never sends a login.
/// </summary>
internal static class OutsideFile
{
    private const int MostRedirects = 10;

    /// <param name="fault">Makes the fault for a file that cannot be fetched. It gets the reason.</param>
    /// <exception cref="FaultException">The file cannot be fetched.</exception>
    public static async Task<T> ReadAsync<T>(
        RemoteHttp http, Uri url, Func<string, FaultException> fault, Func<HttpResponseMessage, CancellationToken, Task<T>> read,
        CancellationToken cancellationToken)
    {
        try
        {
            using var response = await AskAsync(http, url, fault, cancellationToken);
            return await read(response, cancellationToken);
        }
        catch (Exception exception) when (exception is HttpRequestException or IOException)
        {
            throw fault(exception.InnerException is OutgoingRefusedException refused ? refused.Message : exception.Message);
        }
        catch (OutgoingRefusedException refused)
        {
            throw fault(refused.Message);
        }
    }

    /// <summary>Follows redirects. The address of each one is judged too.</summary>
    private static async Task<HttpResponseMessage> AskAsync(
        RemoteHttp http, Uri url, Func<string, FaultException> fault, CancellationToken cancellationToken)
    {
        for (var redirects = 0; ; redirects++)
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, url);
            request.Headers.UserAgent.ParseAdd("berth");
            var response = await http.Outside.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellationToken);
            if (response.StatusCode == HttpStatusCode.OK)
            {
                return response;
            }

            using (response)
            {
                if ((int)response.StatusCode is not (301 or 302 or 303 or 307 or 308) || response.Headers.Location is not { } location)
                {
                    throw fault($"{url.Host} answers {(int)response.StatusCode} {response.ReasonPhrase}".TrimEnd());
                }

                var next = new Uri(url, location);
                if (redirects == MostRedirects || next.Scheme is not ("http" or "https") || next.UserInfo.Length > 0
                    || (url.Scheme == "https" && next.Scheme == "http"))
                {
                    throw fault($"{url.Host} redirects to where it is not fetched from, or too often");
                }

                url = next;
            }
        }
    }
}
