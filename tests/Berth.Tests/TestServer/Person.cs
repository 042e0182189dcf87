using System.Net;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Berth.Tests.Api.Description;

namespace Berth.Tests.TestServer;

/// <summary>An answer of the API that was read completely.</summary>
public sealed record Reply(HttpStatusCode Status, string Body, HttpResponseMessage Response)
{
    public JsonElement Json => JsonSerializer.Deserialize<JsonElement>(Body);

    public string Message => Json.GetProperty("message").GetString()!;

    public string? Header(string name) =>
        Response.Headers.TryGetValues(name, out var values) ? string.Join(", ", values) : null;

    public JsonElement this[string property] => Json.GetProperty(property);
}

/// <summary>A caller of the API: an account and one of its tokens, or nobody.</summary>
public sealed class Person(BerthServer server, string login, string? token)
{
    /// <summary>The configuration of what <see cref="PushAsync"/> pushes: <c>{}</c>.</summary>
    public const string EmptyBlob = "sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a";

    private const string Index = "application/vnd.oci.image.index.v1+json";

    private readonly HttpClient _client = server.Client(token);

    public BerthServer Server { get; } = server;

    public string Login { get; } = login;

    public string Token { get; } = token ?? "";

    /// <summary>Calls the path below <c>/api/v3</c>.</summary>
    public Task<Reply> SendAsync(string method, string path, string? json = null) =>
        CallAsync(method, (path.StartsWith("/api/", StringComparison.Ordinal) ? "" : "/api/v3") + path, json);

    /// <summary>Calls the server with the whole path. The API's answer must match its description, whatever the test checks.</summary>
    public async Task<Reply> CallAsync(string method, string path, string? json = null)
    {
        using var request = new HttpRequestMessage(new HttpMethod(method), path);
        if (json is not null)
        {
            request.Content = new StringContent(json, Encoding.UTF8, "application/json");
        }

        var response = await _client.SendAsync(request, TestContext.Current.CancellationToken);
        var reply = new Reply(
            response.StatusCode, await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken), response);
        if (DescribedAnswers.Of(Server).Fault(method, path, reply) is { } fault)
        {
            Assert.Fail(fault);
        }

        return reply;
    }

    public Task<Reply> GetAsync(string path) => SendAsync("GET", path);

    /// <summary>Fails the test unless the answer is a success.</summary>
    public async Task<Reply> DoAsync(string method, string path, string? json = null)
    {
        var reply = await SendAsync(method, path, json);
        Assert.True((int)reply.Status is >= 200 and < 300, $"{method} {path} answers {(int)reply.Status}: {reply.Body}");
        return reply;
    }

    public async Task<string> OrganizationAsync(string name = "acme")
    {
        var organization = Persons.Unique(name);
        await Server.Administrator().DoAsync("POST", "/admin/organizations", $$"""{"login":"{{organization}}","admin":"{{Login}}"}""");
        return organization;
    }

    /// <summary>Creates a repository of the caller or of an organization. Returns <c>owner/name</c>.</summary>
    public async Task<string> RepositoryAsync(string owner, string name = "app", string visibility = "private")
    {
        var path = owner == Login ? "/user/repos" : $"/orgs/{owner}/repos";
        return (await DoAsync("POST", path, $$"""{"name":"{{name}}","visibility":"{{visibility}}"}"""))["full_name"].GetString()!;
    }

    /// <summary>The same account with another token.</summary>
    public async Task<Person> WithTokenAsync(string scopes, string? packages = null) =>
        new(Server, Login, await Server.TokenAsync(Login, scopes, packages));

    /// <summary>A caller with a workflow token that this caller mints.</summary>
    public async Task<Person> WorkflowAsync(string repository, string packages = "write")
    {
        var reply = await DoAsync("POST", $"/repos/{repository}/workflow-tokens", $$$"""{"permissions":{"packages":"{{{packages}}}"}}""");
        return new Person(Server, "workflow", reply["token"].GetString()!);
    }

    /// <summary>
    /// Pushes a manifest without layers under a tag. Returns its digest. <paramref name="annotations"/> make it a different one.
    /// </summary>
    public async Task<string> PushAsync(string name, string tag = "latest", string annotations = "", string? subject = null)
    {
        using var blob = await _client.PostAsync(
            $"/v2/{name}/blobs/uploads/?digest={EmptyBlob}", Octets("{}"u8.ToArray()), TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.Created, blob.StatusCode);
        return await PutManifestAsync(
            name, tag, "application/vnd.oci.image.manifest.v1+json",
            $$$"""
            {"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json","artifactType":"application/vnd.test",
             "config":{"mediaType":"application/vnd.oci.empty.v1+json","digest":"{{{EmptyBlob}}}","size":2},"layers":[],
             {{{(subject is null ? "" : $$""" "subject":{"mediaType":"application/vnd.oci.image.manifest.v1+json","digest":"{{subject}}","size":1},""")}}}
             "annotations":{{{{annotations}}}}}
            """);
    }

    /// <summary>Puts an index without entries under a tag, which needs no blob. <paramref name="what"/> makes it a different one.</summary>
    public async Task<(Reply Reply, string Digest)> TryPushAsync(string name, string tag, string what)
    {
        var manifest = $$$"""{"schemaVersion":2,"mediaType":"{{{Index}}}","manifests":[],"annotations":{"what":"{{{what}}}"}}""";
        using var content = new StringContent(manifest, Encoding.UTF8);
        content.Headers.ContentType = new(Index);
        var response = await _client.PutAsync($"/v2/{name}/manifests/{tag}", content, TestContext.Current.CancellationToken);
        return (
            new Reply(
                response.StatusCode, await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken), response),
            DigestOf(manifest));
    }

    private async Task<string> PutManifestAsync(string name, string reference, string mediaType, string manifest)
    {
        using var content = new StringContent(manifest, Encoding.UTF8);
        content.Headers.ContentType = new(mediaType);
        using var response = await _client.PutAsync($"/v2/{name}/manifests/{reference}", content, TestContext.Current.CancellationToken);
        Assert.True(response.IsSuccessStatusCode, await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
        return DigestOf(manifest);
    }

    private static string DigestOf(string manifest) =>
        "sha256:" + Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(manifest)));

    /// <summary>Pushes an index of one existing manifest.</summary>
    public async Task<string> PushIndexAsync(string name, string tag, string platform)
    {
        var size = (await _client.GetByteArrayAsync($"/v2/{name}/manifests/{platform}", TestContext.Current.CancellationToken)).Length;
        return await PutManifestAsync(
            name, tag, Index,
            $$$"""{"schemaVersion":2,"mediaType":"{{{Index}}}","manifests":[{"mediaType":"application/vnd.oci.image.manifest.v1+json","digest":"{{{platform}}}","size":{{{size}}}}]}""");
    }

    public async Task<HttpStatusCode> PullAsync(string name, string reference = "latest")
    {
        using var response = await _client.GetAsync($"/v2/{name}/manifests/{reference}", TestContext.Current.CancellationToken);
        return response.StatusCode;
    }

    /// <summary>Pulls as a client without a login does: first an anonymous registry token, then the manifest.</summary>
    public async Task<HttpStatusCode> PullAnonymouslyAsync(string name, string reference = "latest")
    {
        var answer = await _client.GetStringAsync($"/token?scope=repository:{name}:pull", TestContext.Current.CancellationToken);
        using var request = new HttpRequestMessage(HttpMethod.Get, $"/v2/{name}/manifests/{reference}");
        request.Headers.Authorization = new("Bearer", JsonSerializer.Deserialize<JsonElement>(answer).GetProperty("token").GetString());
        using var response = await _client.SendAsync(request, TestContext.Current.CancellationToken);
        return response.StatusCode;
    }

    private static ByteArrayContent Octets(byte[] bytes) => new(bytes) { Headers = { ContentType = new("application/octet-stream") } };
}

/// <summary>Creates people through the API, as an administrator does. Their names are new each time.</summary>
public static class Persons
{
    public const string AllScopes =
        "write:packages,delete:packages,codespace,repo,admin:org,user,read:audit_log,admin:repo_hook,admin:org_hook";

    public static string Unique(string name) => $"{name}-{RandomNumberGenerator.GetHexString(8, lowercase: true)}";

    public static Person Administrator(this BerthServer server) => new(server, "admin", BerthServer.AdminToken);

    public static Person Nobody(this BerthServer server) => new(server, "", null);

    public static async Task<Person> UserAsync(this BerthServer server, string name = "ada", string scopes = AllScopes)
    {
        var login = Unique(name);
        await server.Administrator().DoAsync("POST", "/admin/users", $$"""{"login":"{{login}}","email":"{{login}}@example.test"}""");
        return new Person(server, login, await server.TokenAsync(login, scopes));
    }

    public static async Task<string> TokenAsync(this BerthServer server, string login, string scopes, string? packages = null)
    {
        var list = string.Join(',', scopes.Split(',', StringSplitOptions.RemoveEmptyEntries).Select(scope => $"\"{scope}\""));
        var narrowed = packages is null ? "" : $",\"packages\":[\"{packages}\"]";
        var reply = await server.Administrator()
            .DoAsync("POST", $"/admin/users/{login}/authorizations", $"{{\"scopes\":[{list}]{narrowed}}}");
        return reply["token"].GetString()!;
    }
}
