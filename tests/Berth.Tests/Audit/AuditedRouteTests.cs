using System.Reflection;
using System.Text;
using Berth.Client.Crypto;
using Berth.Tests.Api;
using Berth.Tests.TestServer;
using Berth.Tests.Trusts;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace Berth.Tests.Audit;

/// <summary>
/// Every route of the REST API that changes something records an entry in the audit log in the same request, or is on a list with the
/// reason why not. Routes that share a handler count as one.
/// </summary>
public sealed class AuditedRouteTests(AuditedServer audited) : IClassFixture<AuditedServer>
{
    private const string Api = "/api/v3";

    public static TheoryData<string> Rows() => [.. AuditedRoutes.All.Select(one => one.Route)];

    [Theory]
    [MemberData(nameof(Rows))]
    public async Task A_change_is_in_the_log_of_its_request(string route)
    {
        var audit = AuditedRoutes.All.Single(one => one.Route == route);
        var scene = new AuditedScene(audited.Trusted, await RouteWorld.CreateAsync(audited.Trusted), audit.Caller);
        foreach (var step in audit.Before)
        {
            var made = await scene.SendAsync(step.Route, step.Body);
            Assert.True((int)made.Status is >= 200 and < 300, $"{step.Route}: {made.Body}");
            if (step.Makes is { } name)
            {
                scene.Names[name] = made["id"].GetRawText();
            }
        }

        var reply = await scene.SendAsync(audit.Route, audit.Body);
        Assert.True((int)reply.Status is >= 200 and < 300, $"{audit.Route}: {reply.Body}");
        var request = reply.Header("X-GitHub-Request-Id");
        var log = await audited.Trusted.Server.Administrator()
            .DoAsync("GET", $"/admin/audit-log?per_page=100&phrase=action:{audit.Action}");
        Assert.Contains(
            log.Json.EnumerateArray(), entry => entry.TryGetProperty("request_id", out var id) && id.GetString() == request);
    }

    [Fact]
    public void Every_handler_that_changes_something_is_here()
    {
        var known = AuditedRoutes.All.Select(one => one.Route).Concat(AuditedRoutes.Unrecorded.Keys).ToHashSet(StringComparer.Ordinal);
        var handlers = Handlers().ToLookup(one => one.Handler, one => one.Route);
        Assert.Empty(handlers.Where(routes => !routes.Any(known.Contains)).Select(routes => string.Join(", ", routes)));
        Assert.Empty(known.Except(handlers.SelectMany(routes => routes)));
        Assert.Empty(AuditedRoutes.All.Select(one => one.Route).Intersect(AuditedRoutes.Unrecorded.Keys));
    }

    private IEnumerable<(string Handler, string Route)> Handlers() =>
        from endpoint in audited.Trusted.Server.Services.GetServices<EndpointDataSource>().SelectMany(source => source.Endpoints)
            .OfType<RouteEndpoint>()
        where endpoint.RoutePattern.RawText!.StartsWith(Api + "/", StringComparison.Ordinal)
        from method in endpoint.Metadata.GetMetadata<HttpMethodMetadata>()?.HttpMethods ?? []
        where method is not ("GET" or "HEAD")
        let handler = endpoint.Metadata.GetMetadata<MethodInfo>()
        select (
            handler is null ? $"{method} {endpoint.RoutePattern.RawText}" : $"{handler.DeclaringType} {handler}",
            $"{method} {endpoint.RoutePattern.RawText![Api.Length..]}");
}

/// <summary>A server without a container engine, and with an issuer of ID tokens.</summary>
public sealed class AuditedServer : IAsyncLifetime
{
    public TrustWorld Trusted { get; } = new();

    public async ValueTask InitializeAsync() => await Trusted.InitializeAsync(["BERTH_DOCKER_HOST=unix:///nonexistent/docker.sock"]);

    public ValueTask DisposeAsync() => Trusted.DisposeAsync();
}

/// <summary>One world, one of its callers, and the names of what was created so far.</summary>
internal sealed class AuditedScene
{
    private const int Outsider = 1;
    private const int Reader = 2;
    private const int Owner = 5;
    private const int Codespace = 8;
    private readonly TrustWorld _trusted;
    private readonly RouteWorld _world;
    private readonly Person _caller;

    public AuditedScene(TrustWorld trusted, RouteWorld world, AuditedCaller caller)
    {
        (_trusted, _world) = (trusted, world);
        _caller = caller switch
        {
            AuditedCaller.SiteAdministrator => trusted.Server.Administrator(),
            AuditedCaller.Reader => world.Callers[Reader],
            _ => world.Callers[Owner],
        };
        Names["{unique}"] = Persons.Unique("new");
        Names["{self}"] = _caller.Login;
        Names["{id:long}"] = Fill("{repository_id}");
        Names["{trust}"] =
            $$$"""
            {"provider":"github","issuer":"{{{trusted.Issuer.Url}}}","audience":"{{{TrustWorld.Audience}}}",
             "value":"{{{Persons.Unique("id")}}}","permissions":{"packages":"write"}}
            """;
        if (caller == AuditedCaller.SiteAdministrator)
        {
            // A person who owns nothing can be deleted.
            Names["{username}"] = world.Callers[Outsider].Login;
        }
    }

    public Dictionary<string, string> Names { get; } = new(StringComparer.Ordinal);

    public async Task<Reply> SendAsync(string route, string? body)
    {
        var path = Fill(
            route.Contains("codespaces/{name}", StringComparison.Ordinal)
                ? route.Replace("{name}", _world.Callers[Codespace].Login, StringComparison.Ordinal)
                : route);
        var space = path.IndexOf(' ', StringComparison.Ordinal);
        if (body?.Contains("{sealed}", StringComparison.Ordinal) == true)
        {
            body = body.Replace("{sealed}", await SealedAsync(path[(space + 1)..]), StringComparison.Ordinal);
        }

        return await _caller.SendAsync(path[..space], path[(space + 1)..], body is null ? null : Fill(body));
    }

    private async Task<string> SealedAsync(string secret)
    {
        var key = await _caller.DoAsync("GET", secret[..secret.LastIndexOf('/')] + "/public-key");
        var box = SealedBox.Seal(Encoding.UTF8.GetBytes("hush"), Convert.FromBase64String(key["key"].GetString()!));
        return $"\"encrypted_value\":\"{Convert.ToBase64String(box)}\",\"key_id\":{key["key_id"].GetRawText()}";
    }

    private string Fill(string text)
    {
        foreach (var (name, value) in Names)
        {
            text = text.Replace(name, value, StringComparison.Ordinal);
        }

        return _world.Fill("X " + text).Path;
    }
}
