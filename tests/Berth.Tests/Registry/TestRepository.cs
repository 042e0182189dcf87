using System.Net;
using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Berth.Tests.TestServer;

namespace Berth.Tests.Registry;

/// <summary>An answer that was read completely.</summary>
internal sealed record Answer(int Status, HttpResponseHeaders Headers, HttpContentHeaders ContentHeaders, byte[] Body)
{
    public string Text => Encoding.UTF8.GetString(Body);

    public JsonElement Json => JsonDocument.Parse(Body).RootElement;

    /// <summary>The code of the first error.</summary>
    public string? Code => Json.GetProperty("errors")[0].GetProperty("code").GetString();

    public string? Message => Json.GetProperty("errors")[0].GetProperty("message").GetString();

    public string? Header(string name) =>
        Headers.TryGetValues(name, out var values) || ContentHeaders.TryGetValues(name, out values) ? string.Join(", ", values) : null;
}

/// <summary>One repository for one caller, with the calls of the distribution-spec.</summary>
internal sealed class TestRepository : IDisposable
{
    public const string OciManifest = "application/vnd.oci.image.manifest.v1+json";
    public const string OciIndex = "application/vnd.oci.image.index.v1+json";
    private readonly HttpClient _client;

    public TestRepository(BerthServer server, string name, string? token = BerthServer.AdminToken)
    {
        Server = server;
        Name = name;
        _client = server.Client(token);
        _client.Timeout = TimeSpan.FromMinutes(2);
    }

    public BerthServer Server { get; }

    public string Name { get; }

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    /// <summary>A new name in the administrator's namespace. A pattern like <c>tools/base</c> makes a nested one.</summary>
    public static TestRepository New(BerthServer server, string pattern = "web") => new(server, $"admin/{Unique(pattern)}");

    public static string Unique(string pattern) => $"{pattern}-{Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(6))}";

    public static byte[] Random(int size) => RandomNumberGenerator.GetBytes(size);

    public static string Sha256(byte[] content) => "sha256:" + Convert.ToHexStringLower(SHA256.HashData(content));

    public static string Sha512(byte[] content) => "sha512:" + Convert.ToHexStringLower(SHA512.HashData(content));

    public static string Descriptor(string digest, long size, string type = "application/vnd.oci.image.layer.v1.tar") =>
        $$"""{"mediaType":"{{type}}","digest":"{{digest}}","size":{{size}}}""";

    public static byte[] Image(string config, string[] layers, string more = "") => Encoding.UTF8.GetBytes(
        $$"""{"schemaVersion":2,"mediaType":"{{OciManifest}}","config":{{config}},"layers":[{{string.Join(',', layers)}}]{{more}}}""");

    public static byte[] Index(string[] manifests, string more = "") => Encoding.UTF8.GetBytes(
        $$"""{"schemaVersion":2,"mediaType":"{{OciIndex}}","manifests":[{{string.Join(',', manifests)}}]{{more}}}""");

    public async Task<Answer> SendAsync(
        string method, string path, byte[]? body = null, string? contentType = null, params (string Name, string Value)[] headers)
    {
        using var request = new HttpRequestMessage(new HttpMethod(method), path.StartsWith('/') ? path : $"/v2/{Name}/{path}");
        if (body is not null)
        {
            request.Content = new ByteArrayContent(body);
            if (contentType is not null)
            {
                request.Content.Headers.TryAddWithoutValidation("Content-Type", contentType);
            }
        }

        foreach (var (name, value) in headers)
        {
            if (!request.Headers.TryAddWithoutValidation(name, value))
            {
                request.Content ??= new ByteArrayContent([]);
                request.Content.Headers.TryAddWithoutValidation(name, value);
            }
        }

        using var response = await _client.SendAsync(request, Token);
        return new Answer(
            (int)response.StatusCode, response.Headers, response.Content.Headers, await response.Content.ReadAsByteArrayAsync(Token));
    }

    public async Task<string> StartAsync(string query = "")
    {
        var answer = await SendAsync("POST", "blobs/uploads/" + query, []);
        Assert.Equal(202, answer.Status);
        return answer.Header("Location")!;
    }

    /// <summary>Pushes a blob with POST and PUT. Returns its digest.</summary>
    public async Task<string> BlobAsync(byte[] content)
    {
        var digest = Sha256(content);
        var answer = await SendAsync("PUT", $"{await StartAsync()}?digest={digest}", content);
        Assert.Equal(201, answer.Status);
        return digest;
    }

    public Task<Answer> PutAsync(string reference, byte[] manifest, string type = OciManifest) =>
        SendAsync("PUT", $"manifests/{reference}", manifest, type);

    /// <summary>Pushes an image with a random layer. Returns its digest, manifest and layer.</summary>
    public async Task<(string Digest, byte[] Manifest, string Layer)> ImageAsync(string? tag = null, string more = "")
    {
        var config = await BlobAsync("{}"u8.ToArray());
        var content = Random(100);
        var layer = await BlobAsync(content);
        var manifest = Image(Descriptor(config, 2, "application/vnd.oci.image.config.v1+json"), [Descriptor(layer, content.Length)], more);
        var digest = Sha256(manifest);
        Assert.Equal(201, (await PutAsync(tag ?? digest, manifest)).Status);
        return (digest, manifest, layer);
    }

    public async Task<int> StatusAsync(string method, string path) => (await SendAsync(method, path)).Status;

    public async Task<int> HeadAsync(string path) => await StatusAsync("HEAD", path);

    public void Dispose() => _client.Dispose();
}

/// <summary>Creates people and organizations for registry tests through the API.</summary>
internal static class People
{
    public const string AllPackages = "read:packages write:packages delete:packages";

    /// <summary>Creates a user with a new login. Returns login and token.</summary>
    public static async Task<(string Login, string Token)> UserAsync(BerthServer server, string name = "ada", string scopes = AllPackages)
    {
        using var admin = server.Admin();
        var login = TestRepository.Unique(name);
        await PostAsync(admin, "/api/v3/admin/users", $$"""{"login":"{{login}}","email":"{{login}}@example.test"}""");
        var list = string.Join(',', scopes.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(scope => $"\"{scope}\""));
        var token = await PostAsync(admin, $"/api/v3/admin/users/{login}/authorizations", $$"""{"scopes":[{{list}}],"note":"test"}""");
        return (login, token.GetProperty("token").GetString()!);
    }

    /// <summary>The token that <c>/token</c> issues for a token as the password and these scopes.</summary>
    public static async Task<string> RegistryTokenAsync(BerthServer server, string token, params string[] scopes)
    {
        using var client = server.Client();
        client.DefaultRequestHeaders.Authorization = new("Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes("x:" + token)));
        var query = string.Concat(scopes.Select(scope => "&scope=" + scope));
        var body = await client.GetByteArrayAsync("/token?service=x" + query, TestContext.Current.CancellationToken);
        return JsonDocument.Parse(body).RootElement.GetProperty("token").GetString()!;
    }

    private static async Task<JsonElement> PostAsync(HttpClient client, string path, string json)
    {
        using var content = new StringContent(json, Encoding.UTF8, "application/json");
        using var response = await client.PostAsync(path, content, TestContext.Current.CancellationToken);
        var body = await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        Assert.True(response.StatusCode is HttpStatusCode.Created or HttpStatusCode.OK, $"{path}: {(int)response.StatusCode} {body}");
        return JsonDocument.Parse(body).RootElement;
    }
}
