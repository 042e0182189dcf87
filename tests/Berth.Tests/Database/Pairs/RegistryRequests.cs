using System.Security.Cryptography;
using System.Text;
using Berth.Tests.TestServer;

namespace Berth.Tests.Database.Pairs;

/// <summary>A person's requests to <c>/v2</c>, with answers of the API's type.</summary>
internal static class RegistryRequests
{
    public const string ImageType = "application/vnd.oci.image.manifest.v1+json";
    public const string IndexType = "application/vnd.oci.image.index.v1+json";

    public static string DigestOf(string content) => "sha256:" + Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(content)));

    /// <summary>Makes a manifest with a configuration and perhaps a layer. A note makes it a different one.</summary>
    public static string Manifest(string config, string note = "", string? layer = null)
    {
        var layers = layer is null ? "" : Descriptor("application/vnd.oci.image.layer.v1.tar", DigestOf(layer), layer.Length);
        return $$$"""
            {"schemaVersion":2,"mediaType":"{{{ImageType}}}","artifactType":"application/vnd.test",
             "config":{{{Descriptor("application/vnd.oci.empty.v1+json", DigestOf(config), config.Length)}}},
             "layers":[{{{layers}}}],"annotations":{"note":"{{{note}}}"}}
            """;
    }

    public static string Index(string digest, int size) =>
        $$"""{"schemaVersion":2,"mediaType":"{{IndexType}}","manifests":[{{Descriptor(ImageType, digest, size)}}]}""";

    public static Task<Reply> BeginAsync(Person person, string name) => SendAsync(person, "POST", $"/v2/{name}/blobs/uploads/");

    public static Task<Reply> PushBlobAsync(Person person, string name, string content) =>
        SendAsync(person, "POST", $"/v2/{name}/blobs/uploads/?digest={DigestOf(content)}", content, "application/octet-stream");

    public static Task<Reply> PutManifestAsync(
        Person person, string name, string reference, string manifest, string mediaType = ImageType) =>
        SendAsync(person, "PUT", $"/v2/{name}/manifests/{reference}", manifest, mediaType);

    public static async Task<Reply> SendAsync(
        Person person, string method, string path, string? content = null, string mediaType = "application/octet-stream")
    {
        using var client = person.Server.Client(person.Token);
        using var request = new HttpRequestMessage(new HttpMethod(method), path);
        if (content is not null)
        {
            request.Content = new ByteArrayContent(Encoding.UTF8.GetBytes(content)) { Headers = { ContentType = new(mediaType) } };
        }

        var response = await client.SendAsync(request, TestContext.Current.CancellationToken);
        return new Reply(response.StatusCode, await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken), response);
    }

    private static string Descriptor(string mediaType, string digest, int size) =>
        $$"""{"mediaType":"{{mediaType}}","digest":"{{digest}}","size":{{size}}}""";
}
