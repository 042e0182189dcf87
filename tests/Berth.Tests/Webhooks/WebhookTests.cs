using System.Net;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Berth.Server.Database;
using Berth.Server.Webhooks;
using Berth.Tests.Npm;
using Berth.Tests.TestServer;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace Berth.Tests.Webhooks;

/// <summary>Webhooks with a real receiver: what is reported, how it is signed, and that nothing is lost.</summary>
public sealed class WebhookTests : IAsyncLifetime
{
    private const string Secret = "It's a Secret to Everybody";
    private BerthServer _server = null!;
    private Receiver _receiver = null!;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        _receiver = await Receiver.StartAsync();
        _server = await BerthServer.StartAsync(WithoutWatch, manualClock: true, "BERTH_ALLOWED_NETWORKS=127.0.0.1");
    }

    public async ValueTask DisposeAsync()
    {
        await _server.DisposeAsync();
        await _receiver.DisposeAsync();
    }

    [Fact]
    public async Task A_release_of_several_platforms_with_two_tags_is_one_event_and_its_parts_are_none()
    {
        var (ada, acme, _) = await HookAsync();
        var one = await ada.PushAsync($"{acme}/web", "sha256-" + new string('0', 64), "\"n\":\"1\"");
        var index = await ada.PushIndexAsync($"{acme}/web", "1?tag=latest", one);
        await ada.PushAsync($"{acme}/web", "sha256-" + index[7..] + ".sig", "\"n\":\"signature\"");
        await PumpAsync();
        var told = Assert.Single(_receiver.Told);
        var package = told.Json.GetProperty("package");
        var version = package.GetProperty("package_version");
        var container = version.GetProperty("container_metadata");
        Assert.Equal(
            ("published", "web", acme, "CONTAINER", index),
            (
                told.Json.GetProperty("action").GetString(), package.GetProperty("name").GetString(),
                package.GetProperty("namespace").GetString(), package.GetProperty("package_type").GetString(),
                version.GetProperty("version").GetString()));
        Assert.Equal(["1", "latest"], container.GetProperty("tags").EnumerateArray().Select(tag => tag.GetString()));
        Assert.Equal($"{_server.Host}/{acme}/web:1", version.GetProperty("package_url").GetString());
        Assert.Equal(
            one, container.GetProperty("manifest").GetProperty("manifests")[0].GetProperty("digest").GetString());
        Assert.Equal((acme, ada.Login), (Login(told.Json, "organization"), Login(told.Json, "sender")));
    }

    [Fact]
    public async Task It_is_signed_with_the_hooks_secret_over_the_bytes_that_are_sent()
    {
        var (ada, acme, hook) = await HookAsync();
        await ada.PushAsync($"{acme}/web", "1", "\"org.opencontainers.image.description\":\"ü & <b>\"");
        await PumpAsync();
        Assert.Equal("ping", _receiver.Requests[0].Event);
        Assert.Equal(hook, _receiver.Requests[0].Json.GetProperty("hook_id").GetInt64());
        foreach (var told in _receiver.Requests)
        {
            var hash = HMACSHA256.HashData(Encoding.UTF8.GetBytes(Secret), told.Body);
            Assert.Equal("sha256=" + Convert.ToHexStringLower(hash), told.Headers["X-Hub-Signature-256"]);
            Assert.Equal(("organization", $"{hook}"), (
                told.Headers["X-GitHub-Hook-Installation-Target-Type"], told.Headers["X-GitHub-Hook-ID"]));
            Assert.StartsWith("GitHub-Hookshot/", told.Headers["User-Agent"], StringComparison.Ordinal);
            Assert.True(Guid.TryParse(told.Headers["X-GitHub-Delivery"], out _));
        }

        var shown = await ada.DoAsync("GET", $"/orgs/{acme}/hooks/{hook}");
        Assert.Equal("********", shown["config"].GetProperty("secret").GetString());
        Assert.DoesNotContain(Secret, shown.Body, StringComparison.Ordinal);
        Assert.Equal("OK", shown["last_response"].GetProperty("status").GetString());
    }

    [Fact]
    public async Task Tags_that_move_deletions_restorations_visibility_and_access_are_told()
    {
        var (ada, acme, _) = await HookAsync();
        var bob = await _server.UserAsync("bob");
        await ada.PushAsync($"{acme}/web", "keep", "\"n\":\"0\"");
        var first = await ada.PushAsync($"{acme}/web", "1", "\"n\":\"1\"");
        var second = await ada.PushAsync($"{acme}/web", "2", "\"n\":\"2\"");
        await PumpAsync();
        var before = _receiver.Told.Count;
        Assert.Equal(3, before);
        await ada.PushAsync($"{acme}/web", "1", "\"n\":\"2\"");
        await ada.DoAsync("PATCH", $"/orgs/{acme}/packages/container/web", """{"visibility":"public"}""");
        await ada.DoAsync("PUT", $"/orgs/{acme}/packages/container/web/access/users/{bob.Login}", """{"role":"read"}""");
        var id = (await ada.DoAsync("GET", $"/orgs/{acme}/packages/container/web/versions")).Json.EnumerateArray()
            .Single(version => version.GetProperty("name").GetString() == second).GetProperty("id").GetInt64();
        await ada.DoAsync("DELETE", $"/orgs/{acme}/packages/container/web/versions/{id}");
        await ada.DoAsync("POST", $"/orgs/{acme}/packages/container/web/versions/{id}/restore");
        await ada.DoAsync("DELETE", $"/orgs/{acme}/packages/container/web");
        await PumpAsync();
        var told = _receiver.Told.Skip(before).Select(request => request.Json).ToList();
        Assert.Equal(
            ["updated", "visibility_changed", "access_changed", "deleted", "restored", "deleted"],
            told.Select(json => json.GetProperty("action").GetString()));
        var moved = told[0].GetProperty("changes").GetProperty("tag");
        Assert.Equal((first, second), (moved.GetProperty("from").GetString(), moved.GetProperty("to").GetString()));
        Assert.Equal("public", told[1].GetProperty("changes").GetProperty("visibility").GetProperty("to").GetString());
        Assert.Equal(
            $"user:{bob.Login}", told[2].GetProperty("changes").GetProperty("role").GetProperty("subject").GetString());
        Assert.Equal(JsonValueKind.Null, told[5].GetProperty("package").GetProperty("package_version").ValueKind);
    }

    [Fact]
    public async Task What_does_not_arrive_is_sent_again_at_growing_intervals_until_it_is_given_up()
    {
        var (ada, acme, hook) = await HookAsync();
        await PumpAsync();
        _receiver.Answer = http =>
        {
            http.Response.StatusCode = 503;
            return http.Response.WriteAsync("not now");
        };
        await ada.PushAsync($"{acme}/web", "1");
        await PumpAsync();
        await PumpAsync();
        Assert.Single(_receiver.Told);
        foreach (var wait in SendDeliveries.Again)
        {
            _server.Clock!.Advance(wait);
            await PumpAsync();
        }

        Assert.Equal(SendDeliveries.Again.Length + 1, _receiver.Told.Count);
        Assert.Single(_receiver.Told.Select(told => told.Headers["X-GitHub-Delivery"]).Distinct());
        _server.Clock!.Advance(TimeSpan.FromDays(1));
        await PumpAsync();
        Assert.Equal(SendDeliveries.Again.Length + 1, _receiver.Told.Count);
        var delivery = (await ada.DoAsync("GET", $"/orgs/{acme}/hooks/{hook}/deliveries")).Json[0];
        Assert.Equal((503, JsonValueKind.Null), (
            delivery.GetProperty("status_code").GetInt32(), delivery.GetProperty("next_attempt_at").ValueKind));
        var whole = await ada.DoAsync("GET", $"/orgs/{acme}/hooks/{hook}/deliveries/{delivery.GetProperty("id").GetInt64()}");
        Assert.Equal("not now", whole["response"].GetProperty("payload").GetString());
        Assert.Equal("published", whole["request"].GetProperty("payload").GetProperty("action").GetString());
    }

    [Fact]
    public async Task A_delivery_is_sent_again_when_somebody_asks()
    {
        var (ada, acme, hook) = await HookAsync();
        await ada.PushAsync($"{acme}/web", "1");
        await PumpAsync();
        var id = (await ada.DoAsync("GET", $"/orgs/{acme}/hooks/{hook}/deliveries")).Json[0].GetProperty("id").GetInt64();
        Assert.Equal(
            HttpStatusCode.Accepted, (await ada.SendAsync("POST", $"/orgs/{acme}/hooks/{hook}/deliveries/{id}/attempts")).Status);
        await PumpAsync();
        Assert.Equal(2, _receiver.Told.Count);
        Assert.Single(_receiver.Told.Select(told => told.Headers["X-GitHub-Delivery"]).Distinct());
        Assert.Equal(_receiver.Told[0].Body, _receiver.Told[1].Body);
        Assert.True((await ada.DoAsync("GET", $"/orgs/{acme}/hooks/{hook}/deliveries")).Json[0].GetProperty("redelivery").GetBoolean());
    }

    /// <summary>The server is killed while it has reserved one delivery, and before it has looked at another.</summary>
    [Fact]
    public async Task Nothing_is_lost_when_the_server_ends_in_the_middle()
    {
        var (ada, acme, _) = await HookAsync();
        await PumpAsync();
        await ada.PushAsync($"{acme}/web", "1");
        while (await Service<EnqueueDeliveries>().RunOnceAsync(Token))
        {
            // Repeat until everything is read.
        }

        var now = _server.Clock!.GetUtcNow();
        var due = await Service<Db>().ReadAsync(session => DeliveryTable.DueAsync(session, now, 10), Token);
        Assert.NotNull(await Service<Db>().WriteAsync(
            session => DeliveryTable.TakeAsync(session, due.Single().Id, now, now + TimeSpan.FromMinutes(1)), Token));
        await ada.PushAsync($"{acme}/web", "2", "\"n\":\"2\"");
        await _server.RestartAsync();
        await PumpAsync();
        Assert.Equal(["2"], Tags());
        _server.Clock.Advance(TimeSpan.FromMinutes(2));
        await PumpAsync();
        Assert.Equal(["2", "1"], Tags());
    }

    [Fact]
    public async Task The_servers_own_network_is_not_reached_and_redirects_are_not_followed()
    {
        await using var closed = await BerthServer.StartAsync(WithoutWatch, manualClock: true);
        var eve = await closed.UserAsync("eve");
        var app = await eve.RepositoryAsync(eve.Login);
        var id = (await eve.DoAsync("POST", $"/repos/{app}/hooks", Body()))["id"].GetInt64();
        await closed.Services.GetRequiredService<SendDeliveries>().RunOnceAsync(Token);
        var refused = (await eve.DoAsync("GET", $"/repos/{app}/hooks/{id}/deliveries")).Json[0];
        Assert.Contains("BERTH_ALLOWED_NETWORKS", refused.GetProperty("status").GetString(), StringComparison.Ordinal);
        Assert.Equal(JsonValueKind.Null, refused.GetProperty("next_attempt_at").ValueKind);
        Assert.Empty(_receiver.Requests);

        _receiver.Answer = http =>
        {
            http.Response.Redirect("/elsewhere");
            return Task.CompletedTask;
        };
        var (ada, acme, hook) = await HookAsync();
        await PumpAsync();
        Assert.Equal(["/hook"], _receiver.Requests.Select(request => request.Path));
        Assert.Equal(
            302, (await ada.DoAsync("GET", $"/orgs/{acme}/hooks/{hook}/deliveries")).Json[0].GetProperty("status_code").GetInt32());
    }

    [Fact]
    public async Task A_repositorys_hook_hears_of_its_packages_as_a_form_and_as_a_cloud_event()
    {
        var ada = await _server.UserAsync();
        var app = await ada.RepositoryAsync(ada.Login);
        await ada.DoAsync("POST", $"/repos/{app}/hooks", Body("form", events: "registry_package"));
        await ada.DoAsync("POST", $"/repos/{app}/hooks", Body("json", format: "cloudevents"));
        await ada.DoAsync("PUT", "/user/packages/container/linked", $$"""{"repository":"{{app}}"}""");
        await ada.PushAsync($"{ada.Login}/linked", "1");
        await ada.PushAsync($"{ada.Login}/other", "1");
        await PumpAsync();
        Assert.Equal(2, _receiver.Told.Count);
        var form = _receiver.Told.Single(told => told.Event == "registry_package");
        Assert.Equal("application/x-www-form-urlencoded", form.Headers["Content-Type"]);
        var payload = JsonSerializer.Deserialize<JsonElement>(WebUtility.UrlDecode(form.Text["payload=".Length..]));
        Assert.Equal(
            ("linked", app),
            (
                payload.GetProperty("registry_package").GetProperty("name").GetString(),
                payload.GetProperty("repository").GetProperty("full_name").GetString()));
        Assert.Equal(
            "sha256=" + Convert.ToHexStringLower(HMACSHA256.HashData(Encoding.UTF8.GetBytes(Secret), form.Body)),
            form.Headers["X-Hub-Signature-256"]);
        var cloud = _receiver.Told.Single(told => told.Event == "package");
        Assert.Equal("application/cloudevents+json", cloud.Headers["Content-Type"]);
        Assert.Equal(
            ("1.0", "berth.package.published", $"{ada.Login}/linked", cloud.Headers["X-GitHub-Delivery"]),
            (
                cloud.Json.GetProperty("specversion").GetString(), cloud.Json.GetProperty("type").GetString(),
                cloud.Json.GetProperty("subject").GetString(), cloud.Json.GetProperty("id").GetString()));
        Assert.Equal("published", cloud.Json.GetProperty("data").GetProperty("action").GetString());
    }

    [Theory]
    [InlineData("github")]
    [InlineData("cloudevents")]
    public async Task An_npm_version_is_told_with_what_its_package_json_says(string format)
    {
        var ada = await _server.UserAsync();
        var acme = await ada.OrganizationAsync();
        await ada.DoAsync("POST", $"/orgs/{acme}/hooks", Body(format: format));
        var deep = string.Concat(Enumerable.Repeat("[", 60)) + string.Concat(Enumerable.Repeat("]", 60));
        await ada.PublishAsync(
            $"@{acme}/lib",
            extra: $$""","description":"a lib","dependencies":{"left":"^1"},"keywords":["a"],"gitHead":"abc","bugs":{{deep}}""");
        await ada.PublishAsync($"@{acme}/lib", "1.1.0", tag: "next");
        await ada.DoAsync("PATCH", $"/orgs/{acme}/packages/npm/lib", """{"visibility":"public"}""");
        await PumpAsync();
        Assert.Equal(3, _receiver.Told.Count);
        var told = format == "github" ? _receiver.Told[0].Json : _receiver.Told[0].Json.GetProperty("data");
        if (format == "cloudevents")
        {
            Assert.Equal(
                ("berth.package.published", $"{acme}/lib"),
                (
                    _receiver.Told[0].Json.GetProperty("type").GetString(), _receiver.Told[0].Json.GetProperty("subject").GetString()));
        }

        var package = told.GetProperty("package");
        var version = package.GetProperty("package_version");
        var npm = version.GetProperty("npm_metadata");
        var url = $"{_server.Url}npm/@{acme}/lib/-/lib-1.0.0.tgz";
        Assert.Equal(
            ("published", "NPM", "NPM", "1.0.0", url, $"npm install @{acme}/lib@1.0.0", JsonValueKind.Null),
            (
                told.GetProperty("action").GetString(), package.GetProperty("package_type").GetString(),
                package.GetProperty("registry").GetProperty("type").GetString(), version.GetProperty("version").GetString(),
                version.GetProperty("package_url").GetString(), version.GetProperty("installation_command").GetString(),
                version.GetProperty("container_metadata").ValueKind));
        Assert.Equal(
            ($"@{acme}/lib", "1.0.0", ada.Login, "a lib", "abc", """{"left":"^1"}""", """["a"]""", """["latest"]""", "{}"),
            (
                npm.GetProperty("name").GetString(), npm.GetProperty("version").GetString(), npm.GetProperty("npm_user").GetString(),
                npm.GetProperty("description").GetString(), npm.GetProperty("git_head").GetString(),
                npm.GetProperty("dependencies").GetRawText(), npm.GetProperty("keywords").GetRawText(),
                npm.GetProperty("dist_tags").GetRawText(), npm.GetProperty("bugs").GetRawText()));
        Assert.Equal(url, npm.GetProperty("dist").GetProperty("tarball").GetString());
        Assert.Equal("lib-1.0.0.tgz", version.GetProperty("package_files")[0].GetProperty("name").GetString());
    }

    [Fact]
    public async Task A_hook_is_changed_switched_off_and_removed()
    {
        var (ada, acme, hook) = await HookAsync();
        await PumpAsync();
        await ada.DoAsync("PATCH", $"/orgs/{acme}/hooks/{hook}", """{"active":false}""");
        await ada.PushAsync($"{acme}/web", "1");
        await PumpAsync();
        Assert.Empty(_receiver.Told);
        foreach (var body in new[]
        {
            """{"config":{"url":"ftp://example.test"}}""", """{"config":{"insecure_ssl":"1"}}""", """{"events":["push"]}""",
            """{"events":[]}""", """{"name":"email"}""", """{"config":{"url":"https://ada:secret@example.test"}}""",
        })
        {
            Assert.Equal(HttpStatusCode.UnprocessableEntity, (await ada.SendAsync("PATCH", $"/orgs/{acme}/hooks/{hook}", body)).Status);
        }

        await ada.DoAsync("DELETE", $"/orgs/{acme}/hooks/{hook}");
        Assert.Equal(HttpStatusCode.NotFound, (await ada.GetAsync($"/orgs/{acme}/hooks/{hook}")).Status);
        Assert.Equal(
            ["hook.create", "hook.config_changed", "hook.destroy"],
            (await ada.DoAsync("GET", $"/orgs/{acme}/audit-log?phrase=action:hook&order=asc")).Json.EnumerateArray()
                .Select(entry => entry.GetProperty("action").GetString()));
    }

    [Fact]
    public async Task The_configuration_is_changed_alone_and_events_come_and_go_one_at_a_time()
    {
        var (ada, acme, hook) = await HookAsync();
        var app = await ada.RepositoryAsync(acme);
        var other = (await ada.DoAsync("POST", $"/repos/{app}/hooks", Body()))["id"].GetInt64();
        foreach (var one in new[] { $"/orgs/{acme}/hooks/{hook}", $"/repos/{app}/hooks/{other}" })
        {
            var config = (await ada.DoAsync("GET", one + "/config")).Json;
            Assert.Equal(
                ($"{_receiver.Url}", "json", "********", "0"),
                (
                    config.GetProperty("url").GetString(), config.GetProperty("content_type").GetString(),
                    config.GetProperty("secret").GetString(), config.GetProperty("insecure_ssl").GetString()));
            var changed = await ada.DoAsync("PATCH", one + "/config", """{"content_type":"form","secret":""}""");
            Assert.Equal("form", changed["content_type"].GetString());
            Assert.False(changed.Json.TryGetProperty("secret", out _));
            Assert.Equal($"{_receiver.Url}", (await ada.DoAsync("GET", one))["config"].GetProperty("url").GetString());
            Assert.Equal(["package", "registry_package"], await EventsAsync(one, """{"add_events":["registry_package","package"]}"""));
            Assert.Equal(["registry_package"], await EventsAsync(one, """{"remove_events":["package"]}"""));
            Assert.Equal(["*"], await EventsAsync(one, """{"events":["package"],"add_events":["*"],"remove_events":["package"]}"""));
            foreach (var (path, body) in new[]
            {
                (one, """{"remove_events":["*"]}"""), (one, """{"add_events":["push"]}"""),
                (one + "/config", """{"url":"ftp://example.test"}"""), (one + "/config", """{"insecure_ssl":"1"}"""),
                (one + "/config", """{"content_type":"xml"}"""),
            })
            {
                Assert.Equal(HttpStatusCode.UnprocessableEntity, (await ada.SendAsync("PATCH", path, body)).Status);
            }
        }

        Assert.Equal(HttpStatusCode.NotFound, (await ada.GetAsync($"/orgs/{acme}/hooks/{other}/config")).Status);

        async Task<IEnumerable<string?>> EventsAsync(string one, string body) =>
            (await ada.DoAsync("PATCH", one, body))["events"].EnumerateArray().Select(name => name.GetString());
    }

    /// <summary>The tests run the looks themselves, so that they know when one has ended.</summary>
    private static void WithoutWatch(WebApplicationBuilder builder) =>
        builder.Services.Remove(builder.Services.Single(service => service.ImplementationType == typeof(HookWatch)));

    private async Task<(Person Ada, string Organization, long Hook)> HookAsync()
    {
        var ada = await _server.UserAsync();
        var acme = await ada.OrganizationAsync();
        return (ada, acme, (await ada.DoAsync("POST", $"/orgs/{acme}/hooks", Body()))["id"].GetInt64());
    }

    private string Body(string type = "json", string events = "package", string format = "github") =>
        $$$"""
        {"name":"web","events":["{{{events}}}"],
         "config":{"url":"{{{_receiver.Url}}}","content_type":"{{{type}}}","secret":"{{{Secret}}}","format":"{{{format}}}","insecure_ssl":"0"}}
        """;

    private List<string?> Tags() => [.. _receiver.Told.Select(
        told => told.Json.GetProperty("package").GetProperty("package_version").GetProperty("container_metadata").GetProperty("tag")
            .GetProperty("name").GetString())];

    /// <summary>Does what the watch does at each look.</summary>
    private async Task PumpAsync()
    {
        while (await Service<EnqueueDeliveries>().RunOnceAsync(Token))
        {
            // Repeat until everything is read.
        }

        await Service<SendDeliveries>().RunOnceAsync(Token);
    }

    private T Service<T>()
        where T : notnull => _server.Services.GetRequiredService<T>();

    private static string? Login(JsonElement json, string name) => json.GetProperty(name).GetProperty("login").GetString();
}
