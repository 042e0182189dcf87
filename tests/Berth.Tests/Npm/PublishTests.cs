using System.IO.Compression;
using System.Net;
using System.Text.Json.Nodes;
using Berth.Tests.TestServer;

namespace Berth.Tests.Npm;

/// <summary>Publishing, reading and changing npm packages with npm's own requests.</summary>
public sealed class PublishTests(SharedServer shared) : IClassFixture<SharedServer>
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_version_is_private_and_whole()
    {
        var ada = await shared.Server.UserAsync();
        var name = $"@{ada.Login}/lib";
        var reply = await ada.PublishAsync(
            name, extra: ""","description":"a lib","scripts":{"postinstall":"node x"},"bin":{"lib":"x.js"},"gitHead":"abc" """);
        Assert.Equal(HttpStatusCode.Created, reply.Status);

        var packument = await ada.PackumentAsync(name);
        Assert.Equal("1.0.0", packument.GetProperty("dist-tags").GetProperty("latest").GetString());
        var version = packument.GetProperty("versions").GetProperty("1.0.0");
        Assert.Equal("abc", version.GetProperty("gitHead").GetString());
        Assert.Equal("node x", version.GetProperty("scripts").GetProperty("postinstall").GetString());
        Assert.True(version.GetProperty("hasInstallScript").GetBoolean());
        Assert.Equal(ada.Login, version.GetProperty("_npmUser").GetProperty("name").GetString());
        Assert.Equal("a lib", packument.GetProperty("description").GetString());
        var dist = version.GetProperty("dist");
        Assert.Equal($"{shared.Server.Url}npm/{name}/-/lib-1.0.0.tgz", dist.GetProperty("tarball").GetString());
        Assert.Equal(1, dist.GetProperty("fileCount").GetInt32());

        using var tarball = await shared.Server.FetchAsync(new Uri(dist.GetProperty("tarball").GetString()!).PathAndQuery, ada.Token);
        var bytes = await tarball.Content.ReadAsByteArrayAsync(Token);
        Assert.Equal(
            dist.GetProperty("integrity").GetString(),
            "sha512-" + Convert.ToBase64String(System.Security.Cryptography.SHA512.HashData(bytes)));
    }

    [Fact]
    public async Task Hidden_and_missing_are_one_answer()
    {
        var ada = await shared.Server.UserAsync();
        var eve = await shared.Server.UserAsync();
        await ada.PublishAsync($"@{ada.Login}/lib");
        foreach (var name in new[] { $"@{ada.Login}/lib", $"@{ada.Login}/nothing" })
        {
            var hidden = await eve.CallAsync("GET", NpmRequests.Path(name));
            Assert.Equal(HttpStatusCode.NotFound, hidden.Status);
            Assert.StartsWith($"{name} is not here, or is hidden: signed in as {eve.Login}", hidden.Error(), StringComparison.Ordinal);
            var anonymous = await shared.Server.Nobody().CallAsync("GET", NpmRequests.Path(name));
            Assert.Equal(HttpStatusCode.Unauthorized, anonymous.Status);
            Assert.StartsWith("authentication required", anonymous.Error(), StringComparison.Ordinal);

            // With a challenge npm would print its own words about a token that seems to be invalid.
            Assert.Null(anonymous.Header("WWW-Authenticate"));
        }

        var wrong = await new Person(shared.Server, "x", "berthp_wrong").CallAsync("GET", NpmRequests.Path($"@{ada.Login}/lib"));
        Assert.Equal(HttpStatusCode.Unauthorized, wrong.Status);
        Assert.StartsWith("Bearer realm=", wrong.Header("WWW-Authenticate"), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("%2f")]
    [InlineData("%2F")]
    [InlineData("/")]
    public async Task Every_spelling_of_the_slash_is_the_same_package(string slash)
    {
        var ada = await shared.Server.UserAsync();
        Assert.Equal(HttpStatusCode.Created, (await ada.PublishAsync($"@{ada.Login}/lib")).Status);
        Assert.Equal(HttpStatusCode.OK, (await ada.CallAsync("GET", $"/npm/@{ada.Login}{slash}lib")).Status);
        Assert.Equal(HttpStatusCode.OK, (await ada.CallAsync("GET", $"/npm/-/package/@{ada.Login}{slash}lib/dist-tags")).Status);
    }

    [Fact]
    public async Task Both_forms_are_compressed_and_revalidated()
    {
        var ada = await shared.Server.UserAsync();
        var path = NpmRequests.Path($"@{ada.Login}/lib");
        await ada.PublishAsync($"@{ada.Login}/lib", extra: ""","scripts":{"test":"x"},"engines":{"node":">=20"}""");
        using var abbreviated = await shared.Server.FetchAsync(path, ada.Token, headers =>
        {
            headers.Accept.ParseAdd("application/vnd.npm.install-v1+json; q=1.0, application/json; q=0.8, */*");
            headers.AcceptEncoding.ParseAdd("gzip");
        });
        Assert.Equal("application/vnd.npm.install-v1+json", abbreviated.Content.Headers.ContentType!.MediaType);
        Assert.Equal("gzip", Assert.Single(abbreviated.Content.Headers.ContentEncoding));
        await using var unzipped = new GZipStream(await abbreviated.Content.ReadAsStreamAsync(Token), CompressionMode.Decompress);
        var document = (await JsonNode.ParseAsync(unzipped, cancellationToken: Token))!;
        Assert.Null(document["versions"]!["1.0.0"]!["scripts"]);
        Assert.Equal(">=20", document["versions"]!["1.0.0"]!["engines"]!["node"]!.GetValue<string>());
        Assert.Null(document["time"]);

        using var again = await shared.Server.FetchAsync(path, ada.Token, headers =>
        {
            headers.Accept.ParseAdd("application/vnd.npm.install-v1+json");
            headers.IfNoneMatch.Add(abbreviated.Headers.ETag!);
        });
        Assert.Equal(HttpStatusCode.NotModified, again.StatusCode);
        await ada.PublishAsync($"@{ada.Login}/lib", "1.0.1");
        using var changed = await shared.Server.FetchAsync(path, ada.Token, headers =>
        {
            headers.Accept.ParseAdd("application/vnd.npm.install-v1+json");
            headers.IfNoneMatch.Add(abbreviated.Headers.ETag!);
        });
        Assert.Equal(HttpStatusCode.OK, changed.StatusCode);
        Assert.Contains("1.0.1", await changed.Content.ReadAsStringAsync(Token), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_tarball_is_served_in_ranges_and_cached_for_good()
    {
        var ada = await shared.Server.UserAsync();
        await ada.PublishAsync($"@{ada.Login}/lib");
        var path = $"/npm/@{ada.Login}/lib/-/lib-1.0.0.tgz";
        using var whole = await shared.Server.FetchAsync(path, ada.Token);
        var bytes = await whole.Content.ReadAsByteArrayAsync(Token);
        Assert.Contains("immutable", whole.Headers.CacheControl!.ToString(), StringComparison.Ordinal);
        using var part = await shared.Server.FetchAsync(path, ada.Token, headers => headers.Range = new(10, 19));
        Assert.Equal(HttpStatusCode.PartialContent, part.StatusCode);
        Assert.Equal(bytes[10..20], await part.Content.ReadAsByteArrayAsync(Token));
        using var same = await shared.Server.FetchAsync(path, ada.Token, headers => headers.IfNoneMatch.Add(whole.Headers.ETag!));
        Assert.Equal(HttpStatusCode.NotModified, same.StatusCode);
    }

    [Fact]
    public async Task A_number_is_never_given_to_other_bytes()
    {
        var ada = await shared.Server.UserAsync();
        var name = $"@{ada.Login}/lib";
        await ada.PublishAsync(name);
        await ada.PublishAsync(name, "2.0.0");
        var twice = await ada.PublishAsync(name);
        Assert.Equal(HttpStatusCode.Conflict, twice.Status);
        Assert.Contains("cannot publish over existing version 1.0.0", twice.Error(), StringComparison.Ordinal);

        await ada.DoAsync("DELETE", $"/user/packages/npm/lib?purge=true");
        var other = await ada.PublishAsync(name, extra: ""","description":"other bytes" """);
        Assert.Equal(HttpStatusCode.Conflict, other.Status);
        Assert.Contains("a number is never used again", other.Error(), StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.NotFound, (await ada.CallAsync("GET", NpmRequests.Path(name))).Status);

        // The same content may be published again.
        Assert.Equal(HttpStatusCode.Created, (await ada.PublishAsync(name)).Status);
    }

    [Fact]
    public async Task A_hundred_versions_published_at_once_are_all_there()
    {
        var ada = await shared.Server.UserAsync();
        var name = $"@{ada.Login}/lib";
        var replies = await Task.WhenAll(Enumerable.Range(0, 100).Select(n => ada.PublishAsync(name, $"1.0.{n}")));
        Assert.All(replies, reply => Assert.Equal(HttpStatusCode.Created, reply.Status));
        var packument = await ada.PackumentAsync(name);
        Assert.Equal(
            Enumerable.Range(0, 100).Select(n => $"1.0.{n}"), packument.GetProperty("versions").EnumerateObject().Select(v => v.Name));
        Assert.Equal(100, (await ada.DoAsync("GET", "/user/packages/npm/lib"))["version_count"].GetInt32());
    }

    [Fact]
    public async Task Two_that_publish_one_number_are_one_winner()
    {
        var ada = await shared.Server.UserAsync();
        var name = $"@{ada.Login}/lib";
        var replies = await Task.WhenAll(
            Enumerable.Range(0, 8).Select(n => ada.PublishAsync(name, extra: $$""","description":"{{n}}" """)));
        Assert.Single(replies, reply => reply.Status == HttpStatusCode.Created);
        Assert.Equal(7, replies.Count(reply => reply.Status == HttpStatusCode.Conflict));
    }

    [Fact]
    public async Task What_somebody_else_changed_meanwhile_is_not_undone()
    {
        var ada = await shared.Server.UserAsync();
        var name = $"@{ada.Login}/lib";
        await ada.PublishAsync(name);
        await ada.PublishAsync(name, "1.1.0");
        var read = JsonNode.Parse((await ada.PackumentAsync(name)).GetRawText())!.AsObject();
        await ada.PublishAsync(name, "1.2.0");
        read["versions"]!.AsObject().Remove("1.0.0");
        var refused = await ada.CallAsync("PUT", $"{NpmRequests.Path(name)}/-rev/{read["_rev"]}", read.ToJsonString());
        Assert.Equal(HttpStatusCode.Conflict, refused.Status);
        Assert.Equal(HttpStatusCode.Conflict, (await ada.CallAsync("PUT", NpmRequests.Path(name), read.ToJsonString())).Status);
        Assert.Equal(HttpStatusCode.Conflict, (await ada.CallAsync("DELETE", $"{NpmRequests.Path(name)}/-rev/{read["_rev"]}")).Status);
        Assert.Equal(3, (await ada.PackumentAsync(name)).GetProperty("versions").EnumerateObject().Count());
    }

    [Fact]
    public async Task A_version_is_deprecated_and_comes_back()
    {
        var ada = await shared.Server.UserAsync();
        var name = $"@{ada.Login}/lib";
        await ada.PublishAsync(name);
        foreach (var reason in new[] { "use 2", "" })
        {
            var read = JsonNode.Parse((await ada.PackumentAsync(name)).GetRawText())!.AsObject();
            read["versions"]!["1.0.0"]!["deprecated"] = reason;
            Assert.Equal(HttpStatusCode.OK, (await ada.CallAsync("PUT", NpmRequests.Path(name), read.ToJsonString())).Status);
            var version = (await ada.PackumentAsync(name)).GetProperty("versions").GetProperty("1.0.0");
            Assert.Equal(reason.Length > 0, version.TryGetProperty("deprecated", out _));
        }
    }

    [Fact]
    public async Task Unpublishing_takes_a_version_its_tags_and_its_file()
    {
        var ada = await shared.Server.UserAsync();
        var name = $"@{ada.Login}/lib";
        await ada.PublishAsync(name);
        await ada.PublishAsync(name, "1.1.0");
        var read = JsonNode.Parse((await ada.PackumentAsync(name)).GetRawText())!.AsObject();
        read["versions"]!.AsObject().Remove("1.1.0");
        read["dist-tags"]!["latest"] = "1.0.0";
        Assert.Equal(
            HttpStatusCode.OK, (await ada.CallAsync("PUT", $"{NpmRequests.Path(name)}/-rev/{read["_rev"]}", read.ToJsonString())).Status);
        var left = await ada.PackumentAsync(name);
        Assert.Equal("1.0.0", left.GetProperty("dist-tags").GetProperty("latest").GetString());
        Assert.Equal(HttpStatusCode.NotFound, (await ada.CallAsync("GET", $"/npm/{name}/-/lib-1.1.0.tgz")).Status);

        // A package can be restored, as for containers.
        var deleted = await ada.DoAsync("GET", "/user/packages/npm/lib/versions?state=deleted");
        var id = Assert.Single(deleted.Json.EnumerateArray()).GetProperty("id").GetInt64();
        await ada.DoAsync("POST", $"/user/packages/npm/lib/versions/{id}/restore");
        Assert.Equal(HttpStatusCode.OK, (await ada.CallAsync("GET", $"/npm/{name}/-/lib-1.1.0.tgz")).Status);
    }

    [Fact]
    public async Task What_others_depend_on_stays()
    {
        var ada = await shared.Server.UserAsync();
        var name = $"@{ada.Login}/lib";
        await ada.PublishAsync(name);
        await ada.PublishAsync(name, "2.0.0");
        await ada.PublishAsync($"@{ada.Login}/app", extra: $$""","dependencies":{"{{name}}":"^1.0.0"}""");
        var read = JsonNode.Parse((await ada.PackumentAsync(name)).GetRawText())!.AsObject();
        read["versions"]!.AsObject().Remove("1.0.0");
        var used = await ada.CallAsync("PUT", $"{NpmRequests.Path(name)}/-rev/{read["_rev"]}", read.ToJsonString());
        Assert.Equal(HttpStatusCode.Conflict, used.Status);
        Assert.Contains($"@{ada.Login}/app", used.Error(), StringComparison.Ordinal);
        var all = await ada.CallAsync("DELETE", $"{NpmRequests.Path(name)}/-rev/{read["_rev"]}");
        Assert.Equal(HttpStatusCode.Conflict, all.Status);
        var unused = JsonNode.Parse((await ada.PackumentAsync(name)).GetRawText())!.AsObject();
        unused["versions"]!.AsObject().Remove("2.0.0");
        unused["dist-tags"]!["latest"] = "1.0.0";
        var path = $"{NpmRequests.Path(name)}/-rev/{unused["_rev"]}";
        Assert.Equal(HttpStatusCode.OK, (await ada.CallAsync("PUT", path, unused.ToJsonString())).Status);
    }

    [Fact]
    public async Task Tags_move_and_latest_is_never_missing()
    {
        var ada = await shared.Server.UserAsync();
        var name = $"@{ada.Login}/lib";
        await ada.PublishAsync(name, "1.0.0", tag: "next");
        await ada.PublishAsync(name, "2.0.0-rc.1", tag: "next");
        var tags = $"/npm/-/package/{name}/dist-tags";
        Assert.Equal("""{"next":"2.0.0-rc.1","latest":"1.0.0"}""", (await ada.CallAsync("GET", tags)).Body);
        Assert.Equal(HttpStatusCode.OK, (await ada.CallAsync("PUT", tags + "/beta", "\"2.0.0-rc.1\"")).Status);
        Assert.Equal("2.0.0-rc.1", (await ada.PackumentAsync(name)).GetProperty("dist-tags").GetProperty("beta").GetString());
        Assert.Equal(HttpStatusCode.OK, (await ada.CallAsync("DELETE", tags + "/beta")).Status);
        Assert.Equal(HttpStatusCode.NotFound, (await ada.CallAsync("DELETE", tags + "/beta")).Status);
        Assert.Equal(HttpStatusCode.BadRequest, (await ada.CallAsync("DELETE", tags + "/latest")).Status);
    }

    [Theory]
    [InlineData(true, "public")]
    [InlineData(false, "private")]
    public async Task Public_counts_where_the_organization_allows_it(bool allowed, string visibility)
    {
        var ada = await shared.Server.UserAsync();
        var acme = await ada.OrganizationAsync();
        var visibilities = allowed ? "\"public\",\"private\"" : "\"private\"";
        await ada.DoAsync("PATCH", $"/orgs/{acme}/settings/packages", $$"""{"allowed_visibilities":[{{visibilities}}]}""");
        var document = NpmRequests.Document($"@{acme}/lib", "1.0.0");
        document["access"] = "public";
        var reply = await ada.CallAsync("PUT", NpmRequests.Path($"@{acme}/lib"), document.ToJsonString());
        Assert.Equal(HttpStatusCode.Created, reply.Status);
        Assert.Equal(allowed, reply.Header("npm-notice") is null);
        Assert.Equal(visibility, (await ada.DoAsync("GET", $"/orgs/{acme}/packages/npm/lib"))["visibility"].GetString());
        Assert.Equal(
            allowed ? HttpStatusCode.OK : HttpStatusCode.Unauthorized,
            (await shared.Server.Nobody().CallAsync("GET", NpmRequests.Path($"@{acme}/lib"))).Status);
    }

    [Fact]
    public async Task A_workflow_links_inherits_and_takes_the_visibility_of_its_repository()
    {
        var ada = await shared.Server.UserAsync();
        var acme = await ada.OrganizationAsync();
        var app = await ada.RepositoryAsync(acme);
        var workflow = await ada.WorkflowAsync(app);
        Assert.Equal(HttpStatusCode.Created, (await workflow.PublishAsync($"@{acme}/lib")).Status);
        var package = await ada.DoAsync("GET", $"/orgs/{acme}/packages/npm/lib");
        Assert.Equal(app, package["repository"].GetProperty("full_name").GetString());
        Assert.True(package["inherits_access"].GetBoolean());
        Assert.Equal("private", package["visibility"].GetString());
        Assert.Equal(HttpStatusCode.OK, (await workflow.CallAsync("GET", NpmRequests.Path($"@{acme}/lib"))).Status);
    }

    [Fact]
    public async Task The_repository_in_package_json_links_for_a_person()
    {
        var ada = await shared.Server.UserAsync();
        var app = await ada.RepositoryAsync(ada.Login);
        await ada.PublishAsync(
            $"@{ada.Login}/lib", extra: $$""","repository":{"type":"git","url":"git+{{shared.Server.Url}}{{app}}.git"}""");
        var package = await ada.DoAsync("GET", "/user/packages/npm/lib");
        Assert.Equal(app, package["repository"].GetProperty("full_name").GetString());
        Assert.False(package["inherits_access"].GetBoolean());
    }

    [Fact]
    public async Task A_reader_may_not_publish_and_hears_why()
    {
        var ada = await shared.Server.UserAsync();
        await ada.PublishAsync($"@{ada.Login}/lib");
        var narrow = await ada.WithTokenAsync("read:packages");
        var refused = await narrow.PublishAsync($"@{ada.Login}/lib", "1.1.0");
        Assert.Equal(HttpStatusCode.Forbidden, refused.Status);
        Assert.Contains("write:packages", refused.Error(), StringComparison.Ordinal);
    }
}
