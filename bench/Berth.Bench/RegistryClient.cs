using System.Net;
using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Text;

namespace Berth.Bench;

/// <summary>The calls to the registry that rows consist of, for one repository of one server, with one token.</summary>
internal sealed class RegistryClient(ServerProcess server, string repository, string? authorization)
{
    public const string ManifestType = "application/vnd.oci.image.manifest.v1+json";

    public string Repository { get; } = repository;

    public string? Authorization { get; } = authorization;

    public static async Task<RegistryClient> OpenAsync(ServerProcess server, string name, CancellationToken cancellationToken)
    {
        var repository = $"{server.Owner}/{name}";
        return new RegistryClient(server, repository, await server.AuthorizationAsync(repository, cancellationToken));
    }

    public string Url(string rest) => $"{server.Url}/v2/{Repository}/{rest}";

    public static string Digest(ReadOnlySpan<byte> content) => "sha256:" + Convert.ToHexStringLower(SHA256.HashData(content));

    /// <summary>POST, then the bytes with PUT: two requests.</summary>
    public async Task PushSmallBlobAsync(byte[] content, CancellationToken cancellationToken)
    {
        var location = await StartUploadAsync(cancellationToken);
        await FinishUploadAsync(location, Digest(content), new ByteArrayContent(content), cancellationToken);
    }

    /// <summary>
    /// POST, PATCH with the bytes, PUT, as docker does it. The digest is given, so that the client's hashing is not measured.
    /// </summary>
    public async Task PushBlobAsync(ReadOnlyMemory<byte> content, string digest, CancellationToken cancellationToken)
    {
        var location = await StartUploadAsync(cancellationToken);
        using var patch = Request(HttpMethod.Patch, location);
        patch.Content = Octets(new ReadOnlyMemoryContent(content));
        using (var response = await SendAsync(patch, HttpStatusCode.Accepted, cancellationToken))
        {
            location = Location(response);
        }

        await FinishUploadAsync(location, digest, new ByteArrayContent([]), cancellationToken);
    }

    public async Task<string> PutManifestAsync(string reference, byte[] manifest, CancellationToken cancellationToken)
    {
        using var put = Request(HttpMethod.Put, Url($"manifests/{reference}"));
        put.Content = new ByteArrayContent(manifest);
        put.Content.Headers.ContentType = new MediaTypeHeaderValue(ManifestType);
        using var response = await SendAsync(put, HttpStatusCode.Created, cancellationToken);
        return Digest(manifest);
    }

    /// <summary>Pushes an image with a configuration and layers of 1 KiB each, all new.</summary>
    public async Task<byte[][]> PushSmallImageAsync(string tag, CancellationToken cancellationToken)
    {
        var blobs = Enumerable.Range(0, 3).Select(_ => RandomNumberGenerator.GetBytes(1024)).ToArray();
        foreach (var blob in blobs)
        {
            await PushSmallBlobAsync(blob, cancellationToken);
        }

        await PutManifestAsync(tag, Manifest(blobs), cancellationToken);
        return blobs;
    }

    /// <summary>Makes a manifest whose first blob is the configuration and whose others are layers.</summary>
    public static byte[] Manifest(params byte[][] blobs)
    {
        var layers = string.Join(',', blobs.Skip(1).Select(blob => Descriptor("application/vnd.oci.image.layer.v1.tar", blob)));
        return Encoding.UTF8.GetBytes(
            $$"""{"schemaVersion":2,"mediaType":"{{ManifestType}}","config":{{Descriptor("application/vnd.oci.image.config.v1+json", blobs[0])}},"layers":[{{layers}}]}""");
    }

    private static string Descriptor(string type, byte[] blob) =>
        $$"""{"mediaType":"{{type}}","digest":"{{Digest(blob)}}","size":{{blob.Length}}}""";

    private async Task<string> StartUploadAsync(CancellationToken cancellationToken)
    {
        using var post = Request(HttpMethod.Post, Url("blobs/uploads/"));
        post.Content = new ByteArrayContent([]);
        using var response = await SendAsync(post, HttpStatusCode.Accepted, cancellationToken);
        return Location(response);
    }

    private async Task FinishUploadAsync(string location, string digest, HttpContent content, CancellationToken cancellationToken)
    {
        using var put = Request(
            HttpMethod.Put, $"{location}{(location.Contains('?', StringComparison.Ordinal) ? '&' : '?')}digest={digest}");
        put.Content = Octets(content);
        using var response = await SendAsync(put, HttpStatusCode.Created, cancellationToken);
    }

    private HttpRequestMessage Request(HttpMethod method, string url)
    {
        var request = new HttpRequestMessage(method, url);
        if (Authorization is not null)
        {
            request.Headers.TryAddWithoutValidation("Authorization", Authorization);
        }

        return request;
    }

    private async Task<HttpResponseMessage> SendAsync(
        HttpRequestMessage request, HttpStatusCode expected, CancellationToken cancellationToken)
    {
        var response = await server.Http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellationToken);
        if (response.StatusCode == expected)
        {
            return response;
        }

        var body = await response.Content.ReadAsStringAsync(cancellationToken);
        throw new InvalidOperationException($"{request.Method} {request.RequestUri} answers {(int)response.StatusCode}: {body}");
    }

    private string Location(HttpResponseMessage response) => new Uri(new Uri(server.Url), response.Headers.Location!).AbsoluteUri;

    private static HttpContent Octets(HttpContent content)
    {
        content.Headers.ContentType = new MediaTypeHeaderValue("application/octet-stream");
        return content;
    }
}
