using System.Net;
using System.Runtime.ExceptionServices;
using System.Text.Json;
using System.Text.Json.Nodes;
using Berth.Server.Json;

namespace Berth.Server.Codespaces.Engine;

/// <summary>Sends a call to the engine. A refusal or a missing answer becomes an <see cref="EngineException"/>.</summary>
internal sealed class EngineHttp(EngineSocket socket)
{
    public EngineSocket Socket => socket;

    /// <summary>Sends a call and only checks that it succeeded.</summary>
    public async Task CallAsync(
        HttpMethod method, string target, JsonObject? body, CancellationToken cancellationToken, params HttpStatusCode[] fine)
    {
        using var response = await SendAsync(method, target, Json(body), cancellationToken, fine);
    }

    public async Task<JsonDocument> ReadAsync(HttpMethod method, string target, JsonObject? body, CancellationToken cancellationToken)
    {
        using var response = await SendAsync(method, target, Json(body), cancellationToken);
        return JsonDocument.Parse(await response.Content.ReadAsByteArrayAsync(cancellationToken));
    }

    public Task<JsonDocument> ReadAsync(string target, CancellationToken cancellationToken) =>
        ReadAsync(HttpMethod.Get, target, null, cancellationToken);

    /// <summary>Null when the engine does not know it.</summary>
    public async Task<JsonDocument?> FindAsync(string target, CancellationToken cancellationToken)
    {
        using var response = await SendAsync(HttpMethod.Get, target, null, cancellationToken, HttpStatusCode.NotFound);
        return response.StatusCode == HttpStatusCode.NotFound
            ? null
            : JsonDocument.Parse(await response.Content.ReadAsByteArrayAsync(cancellationToken));
    }

    public async Task<HttpResponseMessage> SendAsync(
        HttpMethod method, string target, HttpContent? content, CancellationToken cancellationToken, params HttpStatusCode[] fine)
    {
        using var request = new HttpRequestMessage(method, new Uri(target, UriKind.Relative)) { Content = content };
        return await SendAsync(request, cancellationToken, fine);
    }

    /// <param name="request">Its target is relative to the engine's API.</param>
    public async Task<HttpResponseMessage> SendAsync(
        HttpRequestMessage request, CancellationToken cancellationToken, params HttpStatusCode[] fine)
    {
        HttpResponseMessage response;
        try
        {
            response = await socket.Http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellationToken);
        }
        catch (HttpRequestException exception)
        {
            (request.Content as StreamedContent)?.ThrowFault();
            throw EngineException.Silent(socket.Path, exception);
        }

        // 304 means that the object is in that state already.
        if ((int)response.StatusCode < 400 || fine.Contains(response.StatusCode))
        {
            return response;
        }

        using (response)
        {
            throw new EngineException((int)response.StatusCode, Message(await response.Content.ReadAsStringAsync(cancellationToken)));
        }
    }

    /// <summary>The engine's message in the body of a refusal.</summary>
    public static string Message(string body)
    {
        try
        {
            using var document = OutsideJson.Parse(body, default);
            return document.RootElement.TextOf("message") ?? body;
        }
        catch (OutsideJsonException)
        {
            return body;
        }
    }

    /// <summary>The query parameter that filters a list of the engine's.</summary>
    public static string Filters(string name, params IEnumerable<string> values) =>
        Filters(new JsonObject { [name] = new JsonArray([.. values.Select(value => JsonValue.Create(value))]) });

    public static string Filters(JsonObject filters) => "filters=" + Uri.EscapeDataString(filters.ToJsonString());

    public static string LabelFilters(IReadOnlyDictionary<string, string> labels) =>
        Filters("label", labels.Select(label => $"{label.Key}={label.Value}"));

    public static JsonObject Map(IReadOnlyDictionary<string, string> values) =>
        new(values.Select(value => KeyValuePair.Create<string, JsonNode?>(value.Key, value.Value)));

    public static Dictionary<string, string> LabelsOf(JsonElement config) =>
        config.TryGetProperty("Labels", out var labels) && labels.ValueKind == JsonValueKind.Object
            ? labels.EnumerateObject().ToDictionary(label => label.Name, label => label.Value.GetString() ?? "", StringComparer.Ordinal)
            : [];

    private static JsonContent? Json(JsonObject? body) => body is null ? null : JsonContent.Create(body);

    /// <summary>A body of unknown length that is made while it is sent.</summary>
    public sealed class StreamedContent(Func<Stream, CancellationToken, Task> write, CancellationToken cancellationToken) : HttpContent
    {
        private ExceptionDispatchInfo? _fault;

        /// <summary>Throws the error that kept the body from being written. It is no error when the engine stopped reading.</summary>
        public void ThrowFault() => _fault?.Throw();

        protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context)
        {
            try
            {
                await write(stream, cancellationToken);
            }
            catch (Exception exception) when (exception is (not IOException) or EndOfStreamException)
            {
                _fault = ExceptionDispatchInfo.Capture(exception);
                throw;
            }
        }

        protected override bool TryComputeLength(out long length)
        {
            length = 0;
            return false;
        }
    }
}
