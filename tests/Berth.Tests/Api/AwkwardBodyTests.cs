using System.Text;
using Berth.Server.Http;
using Berth.Tests.Registry;
using Berth.Tests.TestServer;
using Berth.Tests.Trusts;
using Microsoft.AspNetCore.Http.Metadata;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace Berth.Tests.Api;

/// <summary>
/// Sends bodies that no client sends to every route with a body. None gets a 5xx, and none may be larger than its route allows.
/// </summary>
public sealed class AwkwardBodyTests(SharedServer shared)
{
    private static readonly (string? Type, byte[] Body)[] Bodies =
    [
        (null, []),
        ("application/json", "{"u8.ToArray()),
        ("application/json", "[1,2"u8.ToArray()),
        ("application/json", "\"\\ud800\""u8.ToArray()),
        ("application/json", [0]),
        ("application/json", [0xff, 0xfe, 0x7b, 0, 0x7d, 0]),
        ("application/json", [0xef, 0xbb, 0xbf, 0x7b, 0x7d]),
        ("application/json; charset=utf-16", [0x7b, 0, 0x7d, 0]),
        ("application/json; charset=no-such-thing", "{}"u8.ToArray()),
        ("application/json", Encoding.UTF8.GetBytes(new string('[', 100_000))),
        ("application/json", Encoding.UTF8.GetBytes(string.Concat(Enumerable.Repeat("{\"a\":", 50_000)))),
        ("application/json", Encoding.UTF8.GetBytes($"{{{string.Join(',', Enumerable.Range(0, 20_000).Select(i => $"\"f{i}\":0"))}}}")),
        ("application/json", Encoding.UTF8.GetBytes(Everything("1e999"))),
        ("application/json", Encoding.UTF8.GetBytes(Everything("-0"))),
        ("application/json", Encoding.UTF8.GetBytes(Everything("[null]"))),
        ("application/json", Encoding.UTF8.GetBytes(Everything("{\"\\u0000\":[]}"))),
        ("application/json", Encoding.UTF8.GetBytes(Everything("\"\\u0000\""))),
        ("application/json", Encoding.UTF8.GetBytes(Everything("\"\\udfff\""))),
        ("application/json", Encoding.UTF8.GetBytes(Everything($"\"{new string('9', 5000)}\""))),
        ("application/json", Encoding.UTF8.GetBytes(Everything("[\"\\u0000\",\"\\udfff\",9e9]"))),
        ("application/x-www-form-urlencoded", "%00=%ff&=&%"u8.ToArray()),
        ("application/x-www-form-urlencoded", Encoding.UTF8.GetBytes(string.Concat(Enumerable.Repeat("a=1&", 5000)))),
        ("multipart/form-data", "--x"u8.ToArray()),
        (
            "multipart/form-data; boundary=x",
            "--x\r\nContent-Disposition: form-data; name=\"a\"; filename=\"/etc/passwd\"\r\n\r\n"u8.ToArray()),
        ("///", "x"u8.ToArray()),
    ];

    [Theory]
    [InlineData("/api", true)]
    [InlineData("/api", false)]
    [InlineData("/v2", true)]
    [InlineData("/v2", false)]
    [InlineData("/token", false)]
    [InlineData("", true)]
    public async Task No_body_is_answered_with_a_5xx(string surface, bool signedIn)
    {
        await using var trusted = new TrustWorld();
        await trusted.InitializeAsync();
        var server = trusted.Server;
        var world = await RouteWorld.CreateAsync(trusted);
        using var repository = new TestRepository(server, $"{world.Fill("GET {org}").Path}/app", signedIn ? world.Callers[5].Token : null);
        List<string> faults = [];
        foreach (var (method, pattern) in Taking(server, surface))
        {
            foreach (var (type, body) in Bodies)
            {
                var path = Path(world, method, pattern, repository.Name);
                var answer = await repository.SendAsync(method, path, body, type);
                if (answer.Status >= 500)
                {
                    faults.Add(
                        $"{method} {path} with {type} {Encoding.UTF8.GetString(body)[..Math.Min(60, body.Length)]}: {answer.Status} "
                            + $"{answer.Text}");
                }
            }
        }

        Assert.True(faults.Count == 0, string.Join('\n', faults));
    }

    [Fact]
    public void Only_uploads_and_copied_files_have_no_limit_of_their_route()
    {
        // These routes have other limits: the largest blob, counted over all chunks of an upload, and the disk of a codespace, for files
        // that are copied into it.
        var unlimited = Endpoints(shared.Server)
            .Where(
                endpoint => endpoint.Metadata.GetMetadata<BodyLimit>() is { Bytes: null }
                    || endpoint.Metadata.GetMetadata<IRequestSizeLimitMetadata>() is not null)
            .Select(endpoint => endpoint.RoutePattern.RawText);
        Assert.Equal(
            [
                "/api/v3/user/codespaces/{name}/files", "/v2/{name}/blobs/uploads", "/v2/{name}/blobs/uploads/{id}",
                "/v2/{name}/blobs/uploads/{id}",
            ],
            unlimited.Order(StringComparer.Ordinal));
    }

    [Theory]
    [InlineData("POST", "/api/v3/user/repos", (1 << 20) + 1)]
    [InlineData("POST", "/api/graphql", (1 << 20) + 1)]
    [InlineData("POST", "/token", (64 << 10) + 1)]
    [InlineData("PUT", "/v2/admin/limits/manifests/latest", (4 << 20) + 1)]
    public async Task A_body_larger_than_its_route_takes_is_413(string method, string path, int size)
    {
        using var client = shared.Server.Admin();
        using var request = new HttpRequestMessage(new HttpMethod(method), path) { Content = new ByteArrayContent(new byte[size]) };
        request.Content.Headers.ContentType = new("application/x-www-form-urlencoded");
        using var response = await client.SendAsync(request, TestContext.Current.CancellationToken);
        Assert.Equal(413, (int)response.StatusCode);
    }

    /// <summary>An object with all fields that routes read, each with the same value.</summary>
    private static string Everything(string value) =>
        $"{{{string.Join(',', Fields.Split(' ').Select(field => $"\"{field}\":{value}"))}}}";

    private const string Fields =
        "login email admin scopes packages note expires_at name visibility private clone_url external_id description repository "
            + "inherit_access role permission permissions expires_in run ref server username password secret_prefix image query "
            + "encrypted_value key_id "
            + "selected_repository_ids selected_usernames members_can_create_public_packages repository_id machine idle_timeout_minutes "
            + "display_name value";

    private static IEnumerable<RouteEndpoint> Endpoints(BerthServer server) =>
        server.Services.GetServices<EndpointDataSource>().SelectMany(source => source.Endpoints).OfType<RouteEndpoint>();

    private static IEnumerable<(string Method, string Pattern)> Taking(BerthServer server, string surface) =>
        Endpoints(server)
            .Select(
                endpoint => (
                    Pattern: "/" + endpoint.RoutePattern.RawText!.TrimStart('/'),
                    Methods: endpoint.Metadata.GetMetadata<HttpMethodMetadata>()?.HttpMethods ?? []))
            .Where(
                route => surface.Length > 0
                    ? route.Pattern.StartsWith(surface, StringComparison.Ordinal)
                    : !route.Pattern.StartsWith("/api", StringComparison.Ordinal)
                    && !route.Pattern.StartsWith("/v2", StringComparison.Ordinal) && route.Pattern != "/token")
            .SelectMany(
                route => route.Methods.Where(method => method is "POST" or "PUT" or "PATCH").Select(method => (method, route.Pattern)));

    private static string Path(RouteWorld world, string method, string pattern, string repository) =>
        world.Fill($"{method} {pattern.Replace("/v2/{name}", "/v2/" + repository, StringComparison.Ordinal)}").Path
            .Replace("{reference}", "latest", StringComparison.Ordinal)
            .Replace("{digest}", TestRepository.Sha256([1]), StringComparison.Ordinal);
}
