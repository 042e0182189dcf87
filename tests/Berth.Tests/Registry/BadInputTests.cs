using System.Net.Sockets;
using System.Text;
using Berth.Tests.TestServer;

namespace Berth.Tests.Registry;

/// <summary>Wrong input gets the specification's code and a status that says whose fault it is, and never a 5xx.</summary>
public sealed class BadInputTests(SharedServer shared)
{
    private const string Hex = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";
    private const string Oci = TestRepository.OciManifest;
    private const string Index = TestRepository.OciIndex;
    private const string Docker = "application/vnd.docker.distribution.manifest.v2+json";
    private const string Config = "{\"mediaType\":\"application/vnd.oci.image.config.v1+json\",\"digest\":\"{blob}\",\"size\":2}";

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    // Names: distribution-spec, "Pulling manifests".
    [InlineData("GET", "/v2/ADMIN/web/tags/list", 400, "NAME_INVALID")]
    [InlineData("GET", "/v2/admin/Web/tags/list", 400, "NAME_INVALID")]
    [InlineData("GET", "/v2/web/tags/list", 400, "NAME_INVALID")]
    [InlineData("GET", "/v2/admin/we b/tags/list", 400, "NAME_INVALID")]
    [InlineData("GET", "/v2/admin/web-/tags/list", 400, "NAME_INVALID")]
    [InlineData("GET", "/v2/admin/-web/tags/list", 400, "NAME_INVALID")]
    [InlineData("GET", "/v2/admin/we..b/tags/list", 400, "NAME_INVALID")]
    [InlineData("GET", "/v2/admin/we___b/tags/list", 400, "NAME_INVALID")]
    [InlineData("GET", "/v2/admin//web/tags/list", 400, "NAME_INVALID")]
    [InlineData("GET", "/v2/admin/w%C3%A9b/tags/list", 400, "NAME_INVALID")]
    [InlineData("GET", "/v2/admin/web%00/tags/list", 400, "")]
    [InlineData("GET", "/v2/admin/web%0a/tags/list", 400, "NAME_INVALID")]
    [InlineData("GET", "/v2/admin/w%2e%2eb/tags/list", 400, "NAME_INVALID")]
    [InlineData("POST", "/v2/ADMIN/web/blobs/uploads/", 400, "NAME_INVALID")]
    [InlineData("PUT", "/v2/ADMIN/web/manifests/latest", 400, "NAME_INVALID")]
    [InlineData("DELETE", "/v2/ADMIN/web/manifests/latest", 400, "NAME_INVALID")]
    [InlineData("GET", "/v2/ADMIN/web/blobs/sha256:" + Hex, 400, "NAME_INVALID")]
    // Tags.
    [InlineData("GET", "manifests/.dot", 400, "TAG_INVALID")]
    [InlineData("GET", "manifests/-dash", 400, "TAG_INVALID")]
    [InlineData("GET", "manifests/sp ace", 400, "TAG_INVALID")]
    [InlineData("GET", "manifests/plus+", 400, "TAG_INVALID")]
    [InlineData("GET", "manifests/caf%C3%A9", 400, "TAG_INVALID")]
    [InlineData("GET", "manifests/{129}", 400, "TAG_INVALID")]
    [InlineData("HEAD", "manifests/.dot", 400, "")]
    [InlineData("DELETE", "manifests/.dot", 400, "TAG_INVALID")]
    [InlineData("PUT", "manifests/.dot", 400, "TAG_INVALID")]
    [InlineData("PUT", "manifests/{129}", 400, "TAG_INVALID")]
    [InlineData("PUT", "manifests/latest?tag=.dot", 400, "TAG_INVALID")]
    [InlineData("PUT", "manifests/latest?tag=", 400, "TAG_INVALID")]
    // Digests.
    [InlineData("GET", "manifests/sha256:abc", 400, "DIGEST_INVALID")]
    [InlineData("GET", "manifests/sha256:", 400, "DIGEST_INVALID")]
    [InlineData("GET", "manifests/:", 400, "DIGEST_INVALID")]
    [InlineData("GET", "manifests/md5:d41d8cd98f00b204e9800998ecf8427e", 400, "DIGEST_INVALID")]
    [InlineData("GET", "manifests/sha256:0123456789ABCDEF0123456789abcdef0123456789abcdef0123456789abcdef", 400, "DIGEST_INVALID")]
    [InlineData("GET", "manifests/sha512:" + Hex, 400, "DIGEST_INVALID")]
    [InlineData("PUT", "manifests/sha256:abc", 400, "DIGEST_INVALID")]
    [InlineData("DELETE", "manifests/sha256:abc", 400, "DIGEST_INVALID")]
    [InlineData("GET", "blobs/sha256:abc", 400, "DIGEST_INVALID")]
    [InlineData("GET", "blobs/latest", 400, "DIGEST_INVALID")]
    [InlineData("GET", "blobs/sha256:" + Hex + "00", 400, "DIGEST_INVALID")]
    [InlineData("GET", "blobs/sha256:zz23456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef", 400, "DIGEST_INVALID")]
    [InlineData("HEAD", "blobs/sha256:abc", 400, "")]
    [InlineData("DELETE", "blobs/sha256:abc", 400, "DIGEST_INVALID")]
    [InlineData("GET", "referrers/sha256:abc", 400, "DIGEST_INVALID")]
    [InlineData("GET", "referrers/latest", 400, "DIGEST_INVALID")]
    [InlineData("POST", "blobs/uploads/?digest=sha256:abc", 400, "DIGEST_INVALID")]
    [InlineData("POST", "blobs/uploads/?digest=", 400, "DIGEST_INVALID")]
    [InlineData("POST", "blobs/uploads/?digest=md5:abc", 400, "DIGEST_INVALID")]
    [InlineData("POST", "blobs/uploads/?digest-algorithm=md5", 400, "DIGEST_INVALID")]
    [InlineData("POST", "blobs/uploads/?digest-algorithm=", 400, "DIGEST_INVALID")]
    [InlineData("POST", "blobs/uploads/?digest-algorithm=SHA256", 400, "DIGEST_INVALID")]
    [InlineData("POST", "blobs/uploads/?digest=sha256:" + Hex, 400, "DIGEST_INVALID")]
    // Things that are not there.
    [InlineData("GET", "manifests/never", 404, "MANIFEST_UNKNOWN")]
    [InlineData("GET", "manifests/sha256:" + Hex, 404, "MANIFEST_UNKNOWN")]
    [InlineData("HEAD", "manifests/never", 404, "")]
    [InlineData("DELETE", "manifests/never", 404, "MANIFEST_UNKNOWN")]
    [InlineData("DELETE", "manifests/sha256:" + Hex, 404, "MANIFEST_UNKNOWN")]
    [InlineData("GET", "blobs/sha256:" + Hex, 404, "BLOB_UNKNOWN")]
    [InlineData("HEAD", "blobs/sha256:" + Hex, 404, "")]
    [InlineData("DELETE", "blobs/sha256:" + Hex, 404, "BLOB_UNKNOWN")]
    [InlineData("GET", "blobs/uploads/" + "0123456789abcdef0123456789abcdef", 404, "BLOB_UPLOAD_UNKNOWN")]
    [InlineData("GET", "blobs/uploads/nonsense", 404, "BLOB_UPLOAD_UNKNOWN")]
    [InlineData("GET", "blobs/uploads/..%2f..%2fetc", 404, "")]
    [InlineData("PATCH", "blobs/uploads/0123456789abcdef0123456789abcdef", 404, "BLOB_UPLOAD_UNKNOWN")]
    [InlineData("PATCH", "blobs/uploads/0123456789ABCDEF0123456789ABCDEF", 404, "BLOB_UPLOAD_UNKNOWN")]
    [InlineData("PUT", "blobs/uploads/0123456789abcdef0123456789abcdef?digest=sha256:" + Hex, 404, "BLOB_UPLOAD_UNKNOWN")]
    [InlineData("DELETE", "blobs/uploads/0123456789abcdef0123456789abcdef", 404, "BLOB_UPLOAD_UNKNOWN")]
    [InlineData("PUT", "blobs/uploads/0123456789abcdef0123456789abcdef", 400, "DIGEST_INVALID")]
    [InlineData("GET", "/v2/admin/never-was/tags/list", 404, "NAME_UNKNOWN")]
    [InlineData("GET", "/v2/admin/never-was/manifests/latest", 404, "MANIFEST_UNKNOWN")]
    [InlineData("DELETE", "/v2/admin/never-was/manifests/latest", 404, "MANIFEST_UNKNOWN")]
    [InlineData("DELETE", "/v2/admin/never-was/blobs/sha256:" + Hex, 404, "BLOB_UNKNOWN")]
    [InlineData("DELETE", "/v2/nobody-at-all/web/manifests/latest", 403, "DENIED")]
    [InlineData("GET", "/v2/nobody-at-all/web/tags/list", 403, "DENIED")]
    [InlineData("POST", "/v2/nobody-at-all/web/blobs/uploads/", 403, "DENIED")]
    [InlineData("GET", "/v2/admin/web", 404, "NAME_UNKNOWN")]
    [InlineData("GET", "/v2/admin", 404, "NAME_UNKNOWN")]
    [InlineData("GET", "/v2/admin/web/tags", 404, "NAME_UNKNOWN")]
    [InlineData("GET", "/v2/admin/web/manifests", 404, "NAME_UNKNOWN")]
    [InlineData("GET", "/v2/manifests/latest", 404, "NAME_UNKNOWN")]
    // Lists.
    [InlineData("GET", "tags/list?n=-1", 400, "PAGINATION_NUMBER_INVALID")]
    [InlineData("GET", "tags/list?n=x", 400, "PAGINATION_NUMBER_INVALID")]
    [InlineData("GET", "tags/list?n=", 400, "PAGINATION_NUMBER_INVALID")]
    [InlineData("GET", "tags/list?n=1.5", 400, "PAGINATION_NUMBER_INVALID")]
    [InlineData("GET", "tags/list?n=99999999999999999999", 400, "PAGINATION_NUMBER_INVALID")]
    [InlineData("GET", "tags/list?n=%20", 400, "PAGINATION_NUMBER_INVALID")]
    [InlineData("GET", "referrers/sha256:" + Hex + "?n=-1", 400, "PAGINATION_NUMBER_INVALID")]
    [InlineData("GET", "tags/list?last=%00", 400, "PAGINATION_NUMBER_INVALID")]
    [InlineData("GET", "referrers/sha256:" + Hex + "?last=%00", 400, "PAGINATION_NUMBER_INVALID")]
    // Methods.
    [InlineData("POST", "manifests/latest", 405, "UNSUPPORTED")]
    [InlineData("PATCH", "manifests/latest", 405, "UNSUPPORTED")]
    [InlineData("POST", "tags/list", 405, "UNSUPPORTED")]
    [InlineData("DELETE", "tags/list", 405, "UNSUPPORTED")]
    [InlineData("PUT", "blobs/sha256:" + Hex, 405, "UNSUPPORTED")]
    [InlineData("PUT", "blobs/uploads/", 405, "UNSUPPORTED")]
    [InlineData("GET", "blobs/uploads/", 400, "DIGEST_INVALID")]
    [InlineData("POST", "referrers/sha256:" + Hex, 405, "UNSUPPORTED")]
    [InlineData("DELETE", "/v2/", 405, "UNSUPPORTED")]
    public async Task A_bad_request_is_refused(string method, string path, int status, string code)
    {
        using var repository = await ExistingAsync();
        var answer = await repository.SendAsync(
            method, path.Replace("{129}", new string('a', 129), StringComparison.Ordinal),
            method is "POST" or "PUT" or "PATCH" ? [1, 2, 3] : null);
        Assert.Equal(status, answer.Status);
        if (code.Length > 0)
        {
            Assert.Equal(code, answer.Code);
            Assert.NotEqual("", answer.Message);
            Assert.Equal(
                answer.Header("X-Request-Id"),
                answer.Json.GetProperty("errors")[0].GetProperty("detail").GetProperty("request_id").GetString());
        }
    }

    [Theory]
    // JSON.
    [InlineData(Oci, "", "MANIFEST_INVALID", "JSON")]
    [InlineData(Oci, "{", "MANIFEST_INVALID", "JSON")]
    [InlineData(Oci, "nonsense", "MANIFEST_INVALID", "JSON")]
    [InlineData(Oci, "[]", "MANIFEST_INVALID", "not a JSON object")]
    [InlineData(Oci, "null", "MANIFEST_INVALID", "not a JSON object")]
    [InlineData(Oci, "\"text\"", "MANIFEST_INVALID", "not a JSON object")]
    [InlineData(Oci, "{} {}", "MANIFEST_INVALID", "JSON")]
    [InlineData(Oci, "{\"schemaVersion\":2,}", "MANIFEST_INVALID", "JSON")]
    [InlineData(Oci, "/* c */ {\"schemaVersion\":2}", "MANIFEST_INVALID", "JSON")]
    [InlineData(Oci, "{\"schemaVersion\":2,\"schemaVersion\":2,\"config\":" + Config + ",\"layers\":[]}", "MANIFEST_INVALID", "JSON")]
    [InlineData(Oci, "{\"schemaVersion\":2,\"config\":" + Config + ",\"layers\":[],\"x\":{\"a\":1,\"a\":2}}", "MANIFEST_INVALID", "JSON")]
    [InlineData(
        Oci, "{\"schemaVersion\":2,\"config\":" + Config + ",\"layers\":[],\"annotations\":{\"a\":\"\\ud800\"}}", "MANIFEST_INVALID", "")]
    [InlineData(Oci, "{deep}", "MANIFEST_INVALID", "JSON")]
    [InlineData(Oci, "{latin}", "MANIFEST_INVALID", "JSON")]
    // Versions and types.
    [InlineData(Oci, "{}", "MANIFEST_INVALID", "schemaVersion")]
    [InlineData(Oci, "{\"schemaVersion\":3}", "MANIFEST_INVALID", "schemaVersion")]
    [InlineData(Oci, "{\"schemaVersion\":\"2\"}", "MANIFEST_INVALID", "schemaVersion")]
    [InlineData(Oci, "{\"schemaVersion\":2.5}", "MANIFEST_INVALID", "schemaVersion")]
    [InlineData(Oci, "{\"schemaVersion\":1,\"name\":\"x\",\"fsLayers\":[]}", "MANIFEST_INVALID", "schema 1")]
    [InlineData("application/vnd.docker.distribution.manifest.v1+prettyjws", "{}", "MANIFEST_INVALID", "schema 1")]
    [InlineData("application/vnd.docker.distribution.manifest.v1+json", "{}", "MANIFEST_INVALID", "schema 1")]
    [InlineData("application/json", "{\"schemaVersion\":1,\"name\":\"x\",\"fsLayers\":[]}", "MANIFEST_INVALID", "schema 1")]
    [InlineData("application/json; charset=utf-8", "{\"schemaVersion\":1}", "MANIFEST_INVALID", "schema 1")]
    [InlineData("text/plain", "{\"schemaVersion\":1}", "MANIFEST_INVALID", "schema 1")]
    [InlineData("application/json", "{\"schemaVersion\":2}", "MANIFEST_INVALID", "media type")]
    [InlineData("application/json", "[1]", "MANIFEST_INVALID", "media type")]
    [InlineData("application/json", "schemaVersion 1", "MANIFEST_INVALID", "media type")]
    [InlineData("application/json", "{}", "MANIFEST_INVALID", "media type")]
    [InlineData("text/plain", "{}", "MANIFEST_INVALID", "media type")]
    [InlineData("application/vnd.oci.image.config.v1+json", "{}", "MANIFEST_INVALID", "media type")]
    [InlineData("application/vnd.oci.artifact.manifest.v1+json", "{}", "MANIFEST_INVALID", "media type")]
    [InlineData("///", "{}", "MANIFEST_INVALID", "media type")]
    [InlineData(null, "{\"schemaVersion\":2,\"config\":" + Config + ",\"layers\":[]}", "MANIFEST_INVALID", "Content-Type")]
    [InlineData(null, "{\"schemaVersion\":2,\"mediaType\":\"text/plain\"}", "MANIFEST_INVALID", "media type")]
    [InlineData(
        Oci, "{\"schemaVersion\":2,\"mediaType\":\"" + Docker + "\",\"config\":" + Config + ",\"layers\":[]}", "MANIFEST_INVALID", Docker)]
    [InlineData(
        Docker, "{\"schemaVersion\":2,\"mediaType\":\"" + Oci + "\",\"config\":" + Config + ",\"layers\":[]}", "MANIFEST_INVALID", Docker)]
    [InlineData(Oci, "{\"schemaVersion\":2,\"mediaType\":7,\"config\":" + Config + ",\"layers\":[]}", "MANIFEST_INVALID", "mediaType")]
    [InlineData(Oci, "{\"schemaVersion\":2,\"mediaType\":\"" + Index + "\",\"manifests\":[]}", "MANIFEST_INVALID", Index)]
    // One document must not be two things.
    [InlineData(Oci, "{\"schemaVersion\":2,\"config\":" + Config + ",\"layers\":[],\"manifests\":[]}", "MANIFEST_INVALID", "manifests")]
    [InlineData(Index, "{\"schemaVersion\":2,\"manifests\":[],\"layers\":[]}", "MANIFEST_INVALID", "layers")]
    [InlineData(Index, "{\"schemaVersion\":2,\"manifests\":[],\"config\":{}}", "MANIFEST_INVALID", "config")]
    // Members.
    [InlineData(Oci, "{\"schemaVersion\":2,\"layers\":[]}", "MANIFEST_INVALID", "config")]
    [InlineData(Oci, "{\"schemaVersion\":2,\"config\":null,\"layers\":[]}", "MANIFEST_INVALID", "config")]
    [InlineData(Oci, "{\"schemaVersion\":2,\"config\":[],\"layers\":[]}", "MANIFEST_INVALID", "config")]
    [InlineData(Oci, "{\"schemaVersion\":2,\"config\":{},\"layers\":[]}", "MANIFEST_INVALID", "config.mediaType")]
    [InlineData(Oci, "{\"schemaVersion\":2,\"config\":{\"mediaType\":\"\"},\"layers\":[]}", "MANIFEST_INVALID", "config.mediaType")]
    [InlineData(
        Oci, "{\"schemaVersion\":2,\"config\":{\"mediaType\":\"a/b\",\"digest\":\"sha256:abc\",\"size\":1},\"layers\":[]}",
        "MANIFEST_INVALID", "config.digest")]
    [InlineData(
        Oci, "{\"schemaVersion\":2,\"config\":{\"mediaType\":\"a/b\",\"size\":1},\"layers\":[]}", "MANIFEST_INVALID", "config.digest")]
    [InlineData(
        Oci, "{\"schemaVersion\":2,\"config\":{\"mediaType\":\"a/b\",\"digest\":\"{blob}\"},\"layers\":[]}", "MANIFEST_INVALID",
        "config.size")]
    [InlineData(
        Oci, "{\"schemaVersion\":2,\"config\":{\"mediaType\":\"a/b\",\"digest\":\"{blob}\",\"size\":-1},\"layers\":[]}", "MANIFEST_INVALID",
        "config.size")]
    [InlineData(
        Oci, "{\"schemaVersion\":2,\"config\":{\"mediaType\":\"a/b\",\"digest\":\"{blob}\",\"size\":\"2\"},\"layers\":[]}",
        "MANIFEST_INVALID", "config.size")]
    [InlineData(
        Oci, "{\"schemaVersion\":2,\"config\":{\"mediaType\":\"a/b\",\"digest\":\"{blob}\",\"size\":1e99},\"layers\":[]}",
        "MANIFEST_INVALID", "config.size")]
    [InlineData(Oci, "{\"schemaVersion\":2,\"config\":" + Config + "}", "MANIFEST_INVALID", "layers")]
    [InlineData(Oci, "{\"schemaVersion\":2,\"config\":" + Config + ",\"layers\":{}}", "MANIFEST_INVALID", "layers")]
    [InlineData(Oci, "{\"schemaVersion\":2,\"config\":" + Config + ",\"layers\":[7]}", "MANIFEST_INVALID", "layers[0]")]
    [InlineData(Oci, "{\"schemaVersion\":2,\"config\":" + Config + ",\"layers\":[],\"subject\":{}}", "MANIFEST_INVALID", "subject")]
    [InlineData(Oci, "{\"schemaVersion\":2,\"config\":" + Config + ",\"layers\":[],\"subject\":\"x\"}", "MANIFEST_INVALID", "subject")]
    [InlineData(Oci, "{\"schemaVersion\":2,\"config\":" + Config + ",\"layers\":[],\"annotations\":[]}", "MANIFEST_INVALID", "annotations")]
    [InlineData(
        Oci, "{\"schemaVersion\":2,\"config\":" + Config + ",\"layers\":[],\"annotations\":{\"a\":1}}", "MANIFEST_INVALID", "annotations")]
    [InlineData(
        Oci, "{\"schemaVersion\":2,\"config\":" + Config + ",\"layers\":[],\"artifactType\":1}", "MANIFEST_INVALID", "artifactType")]
    [InlineData(
        Oci, "{\"schemaVersion\":2,\"config\":" + Config + ",\"layers\":[],\"artifactType\":\"a/\\u0000\"}", "MANIFEST_INVALID",
        "artifactType may have")]
    [InlineData(
        Oci, "{\"schemaVersion\":2,\"config\":{\"mediaType\":\"a/\\u0000\",\"digest\":\"{blob}\",\"size\":2},\"layers\":[]}",
        "MANIFEST_INVALID", "config.mediaType may have")]
    [InlineData(
        Oci, "{\"schemaVersion\":2,\"config\":" + Config + ",\"layers\":[],\"artifactType\":\"a/{long}\"}", "MANIFEST_INVALID",
        "at most 255")]
    [InlineData(Index, "{\"schemaVersion\":2}", "MANIFEST_INVALID", "manifests")]
    [InlineData(Index, "{\"schemaVersion\":2,\"manifests\":{}}", "MANIFEST_INVALID", "manifests")]
    [InlineData(Index, "{\"schemaVersion\":2,\"manifests\":[{}]}", "MANIFEST_INVALID", "manifests[0]")]
    [InlineData(Index, "{many}", "MANIFEST_INVALID", "entries")]
    // What it refers to.
    [InlineData(
        Oci, "{\"schemaVersion\":2,\"config\":{\"mediaType\":\"a/b\",\"digest\":\"sha256:" + Hex + "\",\"size\":2},\"layers\":[]}",
        "MANIFEST_BLOB_UNKNOWN", Hex)]
    [InlineData(
        Oci,
        "{\"schemaVersion\":2,\"config\":" + Config + ",\"layers\":[{\"mediaType\":\"a/b\",\"digest\":\"sha256:" + Hex + "\",\"size\":2}]}",
        "MANIFEST_BLOB_UNKNOWN", Hex)]
    [InlineData(
        Index, "{\"schemaVersion\":2,\"manifests\":[{\"mediaType\":\"" + Oci + "\",\"digest\":\"sha256:" + Hex + "\",\"size\":2}]}",
        "MANIFEST_BLOB_UNKNOWN", Hex)]
    [InlineData(
        Index, "{\"schemaVersion\":2,\"manifests\":[{\"mediaType\":\"a/b\",\"digest\":\"sha256:" + Hex + "\",\"size\":2}]}",
        "MANIFEST_BLOB_UNKNOWN", Hex)]
    public async Task A_bad_manifest_is_refused_with_400_and_what_is_wrong(string? type, string text, string code, string words)
    {
        using var repository = await ExistingAsync();
        var body = text switch
        {
            "{deep}" => Encoding.UTF8.GetBytes("{\"schemaVersion\":2,\"x\":" + new string('[', 200) + new string(']', 200) + "}"),
            "{latin}" => [(byte)'{', (byte)'"', 0xE9, (byte)'"', (byte)':', (byte)'1', (byte)'}'],
            "{many}" => TestRepository.Index([.. Enumerable.Repeat(TestRepository.Descriptor("sha256:" + Hex, 1, Oci), 10_001)]),
            _ => Encoding.UTF8.GetBytes(text.Replace("{blob}", TestRepository.Sha256("{}"u8.ToArray()), StringComparison.Ordinal)
                .Replace("{long}", new string('x', 254), StringComparison.Ordinal)),
        };
        var answer = await repository.SendAsync("PUT", "manifests/bad", body, type);
        Assert.Equal((400, code), (answer.Status, answer.Code));
        Assert.Contains(words, answer.Message, StringComparison.Ordinal);
        Assert.Equal(404, await repository.HeadAsync("manifests/bad"));
    }

    [Fact]
    public async Task A_manifest_that_is_not_what_its_digest_says_is_refused()
    {
        using var repository = await ExistingAsync();
        var answer = await repository.PutAsync("sha256:" + Hex, "{}"u8.ToArray());
        Assert.Equal((400, "DIGEST_INVALID"), (answer.Status, answer.Code));
    }

    [Fact]
    public async Task Too_many_tags_at_once_are_refused()
    {
        using var repository = await ExistingAsync();
        var manifest = TestRepository.Image(
            Config.Replace("{blob}", TestRepository.Sha256("{}"u8.ToArray()), StringComparison.Ordinal), []);
        var tags = string.Join('&', Enumerable.Range(0, 101).Select(i => $"tag=t{i}"));
        Assert.Equal(414, (await repository.PutAsync($"{TestRepository.Sha256(manifest)}?{tags}", manifest)).Status);
    }

    [Theory]
    [InlineData("Basic", 401)]
    [InlineData("Basic !!!", 401)]
    [InlineData("Bearer", 401)]
    [InlineData("Bearer berthr1.", 401)]
    [InlineData("Bearer berthr1.e30.AAAA", 401)]
    [InlineData("Bearer berthr1.!!!.!!!", 401)]
    [InlineData("Bearer eyJhbGciOiJub25lIn0.e30.", 401)]
    [InlineData("Digest username=\"x\"", 401)]
    [InlineData("nonsense", 401)]
    public async Task Bad_credentials_get_401_and_a_challenge(string authorization, int status)
    {
        using var repository = await ExistingAsync();
        using var nobody = new TestRepository(shared.Server, repository.Name, token: null);
        var answer = await nobody.SendAsync("GET", "tags/list", null, null, ("Authorization", authorization));
        Assert.Equal((status, "UNAUTHORIZED"), (answer.Status, answer.Code));
        Assert.StartsWith("Bearer realm=\"http", answer.Header("WWW-Authenticate"), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("GET /v2/admin/web/tags/list HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n")]
    [InlineData("POST /v2/admin/web/blobs/uploads/ HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab")]
    [InlineData("POST /v2/admin/web/blobs/uploads/ HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n")]
    [InlineData("GET /v2/admin/web/tags/list HTTP/1.1\r\n\r\n")]
    [InlineData("GET /v2/%zz/tags/list HTTP/1.1\r\nHost: x\r\n\r\n")]
    [InlineData("GET /v2/admin/web/../../etc HTTP/1.1\r\nHost: x\r\n\r\n")]
    [InlineData("nonsense\r\n\r\n")]
    public async Task Bad_http_is_no_server_error(string request)
    {
        using var client = new TcpClient();
        await client.ConnectAsync(shared.Server.Url.Host, shared.Server.Url.Port, Token);
        await using var stream = client.GetStream();
        await stream.WriteAsync(Encoding.ASCII.GetBytes(request), Token);
        var answer = new byte["HTTP/1.1 4".Length];
        await stream.ReadExactlyAsync(answer, Token);
        Assert.Equal("HTTP/1.1 4", Encoding.ASCII.GetString(answer));
    }

    private async Task<TestRepository> ExistingAsync()
    {
        var repository = TestRepository.New(shared.Server);
        await repository.ImageAsync("latest");
        return repository;
    }
}
