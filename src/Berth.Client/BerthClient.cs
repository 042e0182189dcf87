using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json;
using Berth.Client.Wire;

namespace Berth.Client;

/// <summary>
/// A typed client of Berth's REST API. A refusal of the server is a <see cref="BerthException"/> with the server's words. Lists are read
/// with all their pages. It may be used from several threads.
/// </summary>
public sealed partial class BerthClient : IDisposable
{
    private readonly HttpClient _http;
    private readonly Uri _api;

    /// <param name="url">The server's URL, as in <c>BERTH_URL</c>.</param>
    public BerthClient(Uri url, string token)
    {
        _api = new Uri(url.GetLeftPart(UriPartial.Authority) + "/api/v3/");

        // A redirect would send the token to any address that it names. A proxy cannot reach this machine's loopback addresses.
        _http = new HttpClient(
            new SocketsHttpHandler { AllowAutoRedirect = false, UseProxy = !url.IsLoopback, ConnectTimeout = TimeSpan.FromSeconds(15) })
        {
            Timeout = Timeout.InfiniteTimeSpan,
        };
        _http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", token);
        _http.DefaultRequestHeaders.UserAgent.Add(new ProductInfoHeaderValue("berth", "0.1"));
    }

    public void Dispose() => _http.Dispose();

    /// <summary>GET of one thing. <paramref name="path"/> is relative to <c>/api/v3/</c>, and its names must be escaped.</summary>
    public async Task<T> GetAsync<T>(string path, CancellationToken cancellationToken)
    {
        using var response = await RequestAsync(HttpMethod.Get, path, null, cancellationToken).ConfigureAwait(false);
        return await ReadAsync<T>(response, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>GET of a whole list, with all pages.</summary>
    public Task<List<T>> ListAsync<T>(string path, CancellationToken cancellationToken) =>
        ListAsync<T>(HttpMethod.Get, path, () => null, cancellationToken);

    /// <summary>POST of a question whose answer is a list, with all pages.</summary>
    public Task<List<T>> ListAsync<TBody, T>(string path, TBody body, CancellationToken cancellationToken) =>
        ListAsync<T>(HttpMethod.Post, path, () => JsonContent.Create(body, BerthJson.Wire.Of<TBody>()), cancellationToken);

    private async Task<List<T>> ListAsync<T>(
        HttpMethod method, string path, Func<HttpContent?> body, CancellationToken cancellationToken)
    {
        List<T> items = [];
        for (var next = path + (path.Contains('?', StringComparison.Ordinal) ? "&" : "?") + "per_page=100"; next is not null;)
        {
            using var content = body();
            using var response = await RequestAsync(method, next, content, cancellationToken).ConfigureAwait(false);
            items.AddRange(await ReadAsync<List<T>>(response, cancellationToken).ConfigureAwait(false));
            next = Next(response);
        }

        return items;
    }

    /// <summary>A request with a body, whose answer is a thing.</summary>
    public async Task<TAnswer> SendAsync<TBody, TAnswer>(HttpMethod method, string path, TBody body, CancellationToken cancellationToken)
    {
        using var content = JsonContent.Create(body, BerthJson.Wire.Of<TBody>());
        using var response = await RequestAsync(method, path, content, cancellationToken).ConfigureAwait(false);
        return await ReadAsync<TAnswer>(response, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>A request with a body, whose answer has none.</summary>
    public async Task SendAsync<TBody>(HttpMethod method, string path, TBody body, CancellationToken cancellationToken)
    {
        using var content = JsonContent.Create(body, BerthJson.Wire.Of<TBody>());
        using var response = await RequestAsync(method, path, content, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>A request without a body, whose answer is a thing.</summary>
    public async Task<T> SendForAsync<T>(HttpMethod method, string path, CancellationToken cancellationToken)
    {
        using var response = await RequestAsync(method, path, null, cancellationToken).ConfigureAwait(false);
        return await ReadAsync<T>(response, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>A request without a body, whose answer is not read.</summary>
    public async Task SendAsync(HttpMethod method, string path, CancellationToken cancellationToken)
    {
        using var response = await RequestAsync(method, path, null, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Returns the response itself, for bodies that are streams. The caller disposes it.</summary>
    /// <exception cref="BerthException">The server refused, or cannot be reached.</exception>
    public async Task<HttpResponseMessage> RequestAsync(
        HttpMethod method, string path, HttpContent? content, CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(method, new Uri(_api, path)) { Content = content };
        HttpResponseMessage response;
        try
        {
            response = await _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellationToken).ConfigureAwait(false);
        }
        catch (HttpRequestException exception)
        {
            throw new BerthException(
                null, $"the server at {_api.GetLeftPart(UriPartial.Authority)} cannot be reached: {exception.Message}", null);
        }

        if (response.IsSuccessStatusCode)
        {
            return response;
        }

        using (response)
        {
            throw await RefusedAsync(response, cancellationToken).ConfigureAwait(false);
        }
    }

    private static string Escape(string segment) => Uri.EscapeDataString(segment);

    /// <summary><c>owner/name</c> as two segments.</summary>
    internal static string Repository(string fullName)
    {
        var slash = fullName.IndexOf('/', StringComparison.Ordinal);
        return slash < 0 ? Escape(fullName) : $"{Escape(fullName[..slash])}/{Escape(fullName[(slash + 1)..])}";
    }

    private static async Task<T> ReadAsync<T>(HttpResponseMessage response, CancellationToken cancellationToken) =>
        await response.Content.ReadFromJsonAsync(BerthJson.Wire.Of<T>(), cancellationToken).ConfigureAwait(false)
        ?? throw new BerthException(response.StatusCode, "the server answered null", null);

    private static async Task<BerthException> RefusedAsync(HttpResponseMessage response, CancellationToken cancellationToken)
    {
        ErrorBody? body = null;
        try
        {
            body = await response.Content.ReadFromJsonAsync(BerthJson.Wire.Of<ErrorBody>(), cancellationToken).ConfigureAwait(false);
        }
        catch (Exception exception) when (exception is JsonException or NotSupportedException or InvalidOperationException)
        {
            // The answer is not from Berth, but from a proxy in between or from another server.
        }

        var message = string.IsNullOrEmpty(body?.Message) ? $"HTTP {(int)response.StatusCode} {response.ReasonPhrase}" : body.Message;
        return new BerthException(response.StatusCode, message, body?.RequestId) { AllowPermissionsUrl = body?.AllowPermissionsUrl };
    }

    /// <summary>The address of the next page in the Link header (RFC 8288), which is always on this server.</summary>
    private string? Next(HttpResponseMessage response)
    {
        if (!response.Headers.TryGetValues("Link", out var values))
        {
            return null;
        }

        var link = values.SelectMany(value => value.Split(", "))
            .FirstOrDefault(value => value.EndsWith("; rel=\"next\"", StringComparison.Ordinal));
        var address = link?[1..link.IndexOf('>', StringComparison.Ordinal)];

        // The server writes the URL that it considers its own. The token is sent only to the server that it was given for.
        return address is null ? null : new Uri(address).PathAndQuery[_api.AbsolutePath.Length..];
    }
}

/// <summary>A refusal of the server, in its words. <see cref="Status"/> is null when it could not be reached.</summary>
public sealed class BerthException(HttpStatusCode? status, string message, string? requestId) : Exception(message)
{
    public HttpStatusCode? Status { get; } = status;

    /// <summary>The page on which the user can give the permissions that the repository asks for. Null for other refusals.</summary>
    public string? AllowPermissionsUrl { get; init; }

    /// <summary>The request's id in the server's log.</summary>
    public string? RequestId { get; } = requestId;
}
