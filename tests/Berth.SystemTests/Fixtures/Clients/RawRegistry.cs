using System.Net;
using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Text;
using Berth.SystemTests.Fixtures.Server;

namespace Berth.SystemTests.Fixtures.Clients;

/// <summary>Speaks the registry's protocol directly, for what no client does on demand. It sends the token itself to /v2.</summary>
internal sealed class RawRegistry(HttpClient http, string repository) : IDisposable
{
    public const string ManifestType = "application/vnd.oci.image.manifest.v1+json";
    public const string IndexType = "application/vnd.oci.image.index.v1+json";

    public RawRegistry(Person person, string repository)
        : this(person.Api(), repository)
    {
    }

    public string Repository => repository;

    public static string Digest(ReadOnlySpan<byte> content) => "sha256:" + Convert.ToHexStringLower(SHA256.HashData(content));

    public async Task<string> PushBlobAsync(byte[] content, CancellationToken cancellationToken)
    {
        var digest = Digest(content);
        using var response = await TryPushBlobAsync(content, cancellationToken);
        await EnsureAsync(response, HttpStatusCode.Created, cancellationToken);
        return digest;
    }

    /// <summary>Pushes by POST, PATCH and PUT. Returns the first answer that is not the expected one.</summary>
    public async Task<HttpResponseMessage> TryPushBlobAsync(byte[] content, CancellationToken cancellationToken)
    {
        var post = await http.PostAsync(Path("blobs/uploads/"), null, cancellationToken);
        if (post.StatusCode != HttpStatusCode.Accepted)
        {
            return post;
        }

        var patch = await http.PatchAsync(post.Headers.Location, Octets(content), cancellationToken);
        post.Dispose();
        if (patch.StatusCode != HttpStatusCode.Accepted)
        {
            return patch;
        }

        var location = patch.Headers.Location!.OriginalString;
        patch.Dispose();
        return await http.PutAsync(WithDigest(location, Digest(content)), Octets([]), cancellationToken);
    }

    /// <summary>Uploads a stream whose digest is known beforehand.</summary>
    public async Task PushStreamAsync(Stream content, string digest, CancellationToken cancellationToken)
    {
        using var post = await http.PostAsync(Path("blobs/uploads/"), null, cancellationToken);
        await EnsureAsync(post, HttpStatusCode.Accepted, cancellationToken);
        using var body = new StreamContent(content, 256 * 1024);
        using var put = await http.PutAsync(WithDigest(post.Headers.Location!.OriginalString, digest), body, cancellationToken);
        await EnsureAsync(put, HttpStatusCode.Created, cancellationToken);
    }

    /// <summary>Asks to mount the blob of another repository. Returns true when it was mounted.</summary>
    public async Task<bool> MountAsync(string digest, string from, CancellationToken cancellationToken)
    {
        using var response = await http.PostAsync(
            Path($"blobs/uploads/?mount={digest}&from={Uri.EscapeDataString(from)}"), null, cancellationToken);
        return response.StatusCode == HttpStatusCode.Created;
    }

    public async Task<string> PutManifestAsync(string reference, byte[] manifest, string mediaType, CancellationToken cancellationToken)
    {
        using var response = await TryPutManifestAsync(reference, manifest, mediaType, cancellationToken);
        await EnsureAsync(response, HttpStatusCode.Created, cancellationToken);
        return Digest(manifest);
    }

    public async Task<HttpResponseMessage> TryPutManifestAsync(
        string reference, byte[] manifest, string mediaType, CancellationToken cancellationToken)
    {
        using var content = new ByteArrayContent(manifest);
        content.Headers.ContentType = new MediaTypeHeaderValue(mediaType);
        return await http.PutAsync(Path("manifests/" + reference), content, cancellationToken);
    }

    /// <summary>Null when the manifest is unknown. Every answer other than that and 200 fails.</summary>
    public Task<byte[]?> GetManifestAsync(string reference, CancellationToken cancellationToken) =>
        GetAsync("manifests/" + reference, cancellationToken);

    public Task<byte[]?> GetBlobAsync(string digest, CancellationToken cancellationToken) => GetAsync("blobs/" + digest, cancellationToken);

    public async Task<HttpStatusCode> HeadAsync(string rest, CancellationToken cancellationToken)
    {
        using var response = await http.SendAsync(new HttpRequestMessage(HttpMethod.Head, Path(rest)), cancellationToken);
        return response.StatusCode;
    }

    public async Task<HttpStatusCode> DeleteAsync(string rest, CancellationToken cancellationToken)
    {
        using var response = await http.DeleteAsync(Path(rest), cancellationToken);
        return response.StatusCode;
    }

    public async Task<HttpResponseMessage> SendAsync(HttpMethod method, string rest, CancellationToken cancellationToken) =>
        await http.SendAsync(new HttpRequestMessage(method, Path(rest)), HttpCompletionOption.ResponseHeadersRead, cancellationToken);

    /// <summary>Makes a manifest with this configuration and these layers. Its media type is OCI's unless another is given.</summary>
    public static byte[] Manifest(string configuration, params string[] layers) =>
        Encoding.UTF8.GetBytes(
            $$"""{"schemaVersion":2,"mediaType":"{{ManifestType}}","config":{{configuration}},"layers":[{{string.Join(',', layers)}}]}""");

    public static string Descriptor(string mediaType, ReadOnlySpan<byte> content) => Descriptor(mediaType, Digest(content), content.Length);

    public static string Descriptor(string mediaType, string digest, long size) =>
        $$"""{"mediaType":"{{mediaType}}","digest":"{{digest}}","size":{{size}}}""";

    public void Dispose() => http.Dispose();

    private async Task<byte[]?> GetAsync(string rest, CancellationToken cancellationToken)
    {
        using var response = await http.GetAsync(Path(rest), cancellationToken);
        if (response.StatusCode == HttpStatusCode.NotFound)
        {
            return null;
        }

        await EnsureAsync(response, HttpStatusCode.OK, cancellationToken);
        return await response.Content.ReadAsByteArrayAsync(cancellationToken);
    }

    private string Path(string rest) => $"/v2/{repository}/{rest}";

    private static string WithDigest(string location, string digest) =>
        $"{location}{(location.Contains('?', StringComparison.Ordinal) ? '&' : '?')}digest={digest}";

    private static ByteArrayContent Octets(byte[] content)
    {
        var octets = new ByteArrayContent(content);
        octets.Headers.ContentType = new MediaTypeHeaderValue("application/octet-stream");
        return octets;
    }

    private static async Task EnsureAsync(HttpResponseMessage response, HttpStatusCode expected, CancellationToken cancellationToken)
    {
        var request = response.RequestMessage!;
        Assert.True(
            response.StatusCode == expected,
            $"{request.Method} {request.RequestUri} answers {(int)response.StatusCode}: "
                + $"{await response.Content.ReadAsStringAsync(cancellationToken)}");
    }
}
