using System.Net;
using Berth.Tests.Npm;
using Berth.Tests.TestServer;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace Berth.Tests.Audit;

/// <summary>
/// Every route of the npm registry that changes something records an entry in the audit log in the same request, or is on a list with the
/// reason why not. <see cref="AuditedRouteTests"/> tests the REST API. A GET creates the token of a login, which the tests of logins cover.
/// </summary>
public sealed class NpmAuditTests(SharedServer shared)
{
    private const string Package = "/npm/@{scope}/{name}";
    private const string Named = "/npm/-/package/@{scope}/{name}";
    private const string People = "/npm/-/team/{org}/{team_slug}/user";
    private const string Granted = "/npm/-/team/{org}/{team_slug}/package";
    private const string Members = "/npm/-/org/{org}/user";
    private const string Tokens = "/npm/-/npm/v1/tokens";
    private const string Bob = """{"user":"{bob}"}""";

    private static readonly Dictionary<string, string?> Recorded = new(StringComparer.Ordinal)
    {
        ["PUT " + Package] = "{document}",
        [$"PUT {Package}/-rev/{{revision}}"] =
            """{"name":"@{org}/app","versions":{"1.0.0":{"name":"@{org}/app","version":"1.0.0","deprecated":"old"}}}""",
        [$"DELETE {Package}/-rev/{{revision}}"] = null,
        [$"PUT {Named}/dist-tags/{{tag}}"] = "\"1.0.0\"",
        [$"DELETE {Named}/dist-tags/{{tag}}"] = null,
        [$"POST {Named}/access"] = """{"access":"public"}""",
        ["PUT /npm/-/org/{org}/team"] = """{"name":"other"}""",
        ["DELETE /npm/-/team/{org}/{team_slug}"] = null,
        ["PUT " + People] = """{"user":"{ada}"}""",
        ["DELETE " + People] = Bob,
        ["PUT " + Granted] = """{"package":"@{org}/app","permissions":"read-write"}""",
        ["DELETE " + Granted] = """{"package":"@{org}/app"}""",
        ["PUT " + Members] = """{"user":"{bob}","role":"owner"}""",
        ["DELETE " + Members] = Bob,
        ["POST " + Tokens] = """{"password":"{secret}"}""",
        [$"DELETE {Tokens}/token/{{token}}"] = null,
        ["DELETE /npm/-/user/token/{token}"] = null,
    };

    private static readonly Dictionary<string, string> Unrecorded = new(StringComparer.Ordinal)
    {
        ["POST /npm/-/npm/v1/security/advisories/bulk"] = "asks",
        ["POST /npm/-/npm/v1/security/audits"] = "asks",
        ["POST /npm/-/npm/v1/security/audits/quick"] = "asks",
        ["POST /npm/-/npm/v1/user"] = "refuses",
        ["POST /npm/-/npm/v1/oidc/token/exchange/package/@{scope}/{name}"] = "recorded by the code of /oauth/token",
        ["PUT /npm/-/user/{user}"] = "gives back the token that was brought",
        ["POST /npm/-/v1/login"] = "waits for a person, or ends by itself",
        ["POST /login/npm"] = "the token is recorded where it is made: when the client fetches it",
        [$"DELETE {Package}/-/{{file}}/-rev/{{revision}}"] = "npm's last step; the version has gone before",
        [$"DELETE {Package}/-/@{{again}}/{{file}}/-rev/{{revision}}"] = "npm's last step; the version has gone before",
    };

    public static TheoryData<string> Rows() => [.. Recorded.Keys];

    [Theory]
    [MemberData(nameof(Rows))]
    public async Task A_change_is_in_the_log_of_its_request(string route)
    {
        var (ada, bob) = (await shared.Server.UserAsync(), await shared.Server.UserAsync("bob"));
        var acme = await ada.OrganizationAsync();
        await ada.DoAsync("PUT", $"/orgs/{acme}/memberships/{bob.Login}", """{"role":"member"}""");
        await ada.DoAsync("POST", $"/orgs/{acme}/teams", """{"name":"core"}""");
        await ada.DoAsync("PUT", $"/orgs/{acme}/teams/core/memberships/{bob.Login}");
        Assert.Equal(HttpStatusCode.Created, (await ada.PublishAsync($"@{acme}/app")).Status);
        await ada.DoAsync("PUT", $"/orgs/{acme}/packages/npm/app/access/teams/core", """{"role":"read"}""");
        if (route.StartsWith("DELETE " + Named, StringComparison.Ordinal))
        {
            await ada.CallAsync("PUT", $"/npm/-/package/@{acme}%2fapp/dist-tags/next", "\"1.0.0\"");
        }

        string Fill(string text) => text
            .Replace("{document}", NpmRequests.Document($"@{acme}/app", "2.0.0").ToJsonString(), StringComparison.Ordinal)
            .Replace("{scope}", acme, StringComparison.Ordinal).Replace("{org}", acme, StringComparison.Ordinal)
            .Replace("{name}", "app", StringComparison.Ordinal).Replace("{team_slug}", "core", StringComparison.Ordinal)
            .Replace("{tag}", "next", StringComparison.Ordinal).Replace("{token}", ada.Token, StringComparison.Ordinal)
            .Replace("{secret}", ada.Token, StringComparison.Ordinal).Replace("{ada}", ada.Login, StringComparison.Ordinal)
            .Replace("{bob}", bob.Login, StringComparison.Ordinal);

        var revision = (await ada.PackumentAsync($"@{acme}/app")).GetProperty("_rev").GetString()!;
        var (method, path) = (route.Split(' ')[0], Fill(route.Split(' ')[1]).Replace("{revision}", revision, StringComparison.Ordinal));
        var reply = await ada.CallAsync(method, path, Recorded[route] is { } body ? Fill(body) : null);
        Assert.True((int)reply.Status is >= 200 and < 300, $"{route}: {reply.Body}");
        var request = reply.Header("X-Request-Id");
        var log = await shared.Server.Administrator()
            .DoAsync("GET", $"/admin/audit-log?per_page=100&phrase={Uri.EscapeDataString($"actor:{ada.Login}")}");
        Assert.Contains(
            log.Json.EnumerateArray(), entry => entry.TryGetProperty("request_id", out var id) && id.GetString() == request);
    }

    [Fact]
    public void Every_route_that_changes_something_is_here()
    {
        var routes = shared.Server.Services.GetServices<EndpointDataSource>().SelectMany(source => source.Endpoints)
            .OfType<RouteEndpoint>()
            .SelectMany(
                endpoint => endpoint.Metadata.GetMetadata<HttpMethodMetadata>()?.HttpMethods ?? [],
                (endpoint, method) => (Method: method, Path: endpoint.RoutePattern.RawText!))
            .Where(route => route.Path.StartsWith("/npm/", StringComparison.Ordinal) || route.Path == "/login/npm")
            .Where(route => route.Method is not ("GET" or "HEAD"))

            // Names without a scope are left out, since every one is refused.
            .Where(route => !route.Path.StartsWith("/npm/{name}", StringComparison.Ordinal))
            .Select(route => $"{route.Method} {route.Path}")
            .ToHashSet(StringComparer.Ordinal);
        Assert.Equal(Recorded.Keys.Concat(Unrecorded.Keys).Order(StringComparer.Ordinal), routes.Order(StringComparer.Ordinal));
    }
}
