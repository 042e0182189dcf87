using System.Net;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using Berth.Server.Access;

namespace Berth.Tests.Codespaces;

/// <summary>The REST API of codespaces, on a machine without a container engine.</summary>
public sealed class CodespaceApiTests(CodespaceServer shared)
{
    [Fact]
    public async Task Without_an_engine_a_codespace_fails_and_says_what_is_missing()
    {
        var (_, _, repository, client) = await RepositoryAsync();
        var created = await CodespaceServer.CreateAsync(client, repository);
        var name = created.GetProperty("name").GetString()!;
        var log = await CodespaceServer.LogAsync(client, name);
        var codespace = await CodespaceServer.GetAsync(client, "/api/v3/user/codespaces/" + name);

        Assert.Equal("Failed", codespace.GetProperty("state").GetString());
        var failure = codespace.GetProperty("failure").GetString()!;
        Assert.Contains("no container engine answers at /nonexistent/docker.sock", failure, StringComparison.Ordinal);
        Assert.Contains("BERTH_DOCKER_HOST", failure, StringComparison.Ordinal);
        Assert.Contains($"[failed] {failure}", log, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_codespace_that_failed_can_be_started_again_and_deleted()
    {
        var (_, _, repository, client) = await RepositoryAsync();
        var name = (await CodespaceServer.CreateAsync(client, repository)).GetProperty("name").GetString()!;
        await CodespaceServer.LogAsync(client, name);
        using var start = await client.PostAsync(Path(name, "/start"), null, TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.OK, start.StatusCode);
        var log = await CodespaceServer.LogAsync(client, name);
        Assert.Equal(2, log.Split("[failed]").Length - 1);
        Assert.Equal(
            1,
            (await client.GetStringAsync(Path(name, "/creation-log?attempt=latest"), TestContext.Current.CancellationToken))
                .Split("[failed]").Length - 1);

        using var deleted = await client.DeleteAsync(Path(name), TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.Accepted, deleted.StatusCode);
        Assert.Equal("{}", await deleted.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
        using var gone = await client.GetAsync(Path(name), TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.NotFound, gone.StatusCode);
        Assert.Equal(0, (await CodespaceServer.GetAsync(client, "/api/v3/user/codespaces")).GetProperty("total_count").GetInt32());
    }

    [Fact]
    public async Task Its_shape_is_GitHubs()
    {
        var (ada, _, repository, client) = await RepositoryAsync();
        var codespace = await CodespaceServer.CreateAsync(client, repository, new { @ref = "refs/heads/feature/x", display_name = "mine" });
        Assert.Equal(
            [
                "billable_owner", "created_at", "devcontainer_path", "display_name", "environment_id", "git_status", "id",
                "idle_timeout_minutes",
                "last_known_stop_notice", "last_used_at", "location", "machine", "machines_url", "name", "owner", "pending_operation",
                "prebuild", "recent_folders", "repository", "retention_expires_at",
                "retention_period_minutes", "runtime_constraints", "start_url", "state",
                "stop_url", "updated_at", "url", "web_url",
            ],
            codespace.EnumerateObject().Select(field => field.Name).Order(StringComparer.Ordinal));
        Assert.Equal("Queued", codespace.GetProperty("state").GetString());
        Assert.Equal("feature/x", codespace.GetProperty("git_status").GetProperty("ref").GetString());
        Assert.Equal("mine", codespace.GetProperty("display_name").GetString());
        Assert.Equal(repository, codespace.GetProperty("repository").GetProperty("full_name").GetString());
        Assert.Equal(ada.Login, codespace.GetProperty("owner").GetProperty("login").GetString());
        Assert.Matches("^[a-z0-9-]{1,52}$", codespace.GetProperty("name").GetString());
    }

    [Fact]
    public async Task It_can_be_created_by_the_repositorys_id_and_listed_by_it()
    {
        var (_, id, repository, client) = await RepositoryAsync();
        using var created = await client.PostAsJsonAsync(
            "/api/v3/user/codespaces", new { repository_id = id, @ref = "main" }, TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.Created, created.StatusCode);
        foreach (var list in new[]
        {
            $"/api/v3/user/codespaces?repository_id={id}",
            $"/api/v3/repos/{repository}/codespaces",
            $"/api/v3/repositories/{id}/codespaces",
        })
        {
            Assert.Equal(1, (await CodespaceServer.GetAsync(client, list)).GetProperty("total_count").GetInt32());
        }

        Assert.Equal(
            0,
            (await CodespaceServer.GetAsync(client, $"/api/v3/user/codespaces?repository_id={id + 1_000_000}"))
                .GetProperty("total_count")
                .GetInt32());
    }

    [Theory]
    [InlineData("/new", "billable_owner")]
    [InlineData("/machines", "machines")]
    [InlineData("/devcontainers", "devcontainers")]
    public async Task What_gh_asks_before_it_creates_one_is_answered(string path, string field)
    {
        var (_, id, repository, client) = await RepositoryAsync();
        foreach (var root in new[] { $"/api/v3/repos/{repository}/codespaces", $"/api/v3/repositories/{id}/codespaces" })
        {
            Assert.True((await CodespaceServer.GetAsync(client, root + path)).TryGetProperty(field, out _));
        }
    }

    [Fact]
    public async Task Nobody_else_sees_or_handles_it()
    {
        var (_, id, repository, client) = await RepositoryAsync();
        var name = (await CodespaceServer.CreateAsync(client, repository)).GetProperty("name").GetString()!;
        var bob = await shared.Seed.UserAsync("bob");
        await shared.Seed.CollaboratorAsync(id, bob, "admin");
        using var other = await shared.ClientAsync(bob, "codespace repo");
        foreach (var (method, path) in Requests)
        {
            using var request = new HttpRequestMessage(new HttpMethod(method), Path(name, path))
            {
                Content = JsonContent.Create(new { command = new[] { "id" } }),
            };
            using var response = await other.SendAsync(request, TestContext.Current.CancellationToken);
            Assert.True(response.StatusCode == HttpStatusCode.NotFound, $"{method} {path}: {response.StatusCode}");
        }

        Assert.Equal(
            0, (await CodespaceServer.GetAsync(other, $"/api/v3/repos/{repository}/codespaces")).GetProperty("total_count").GetInt32());
    }

    [Theory]
    [InlineData("repo", null, HttpStatusCode.Forbidden)]
    [InlineData("codespace", "acme/*", HttpStatusCode.Forbidden)]
    [InlineData(null, null, HttpStatusCode.Unauthorized)]
    public async Task It_takes_an_unrestricted_token_with_the_scope(string? scopes, string? patterns, HttpStatusCode status)
    {
        var ada = await shared.Seed.UserAsync("ada");
        var id = await shared.Seed.RepositoryAsync(ada.UserId, "open", "public");
        using var client = scopes is null ? shared.Server.Client() : await shared.ClientAsync(ada, scopes, patterns);
        foreach (var path in new[] { $"/api/v3/repos/{ada.Login}/open/codespaces", "/api/v3/user/codespaces" })
        {
            using var list = await client.GetAsync(path, TestContext.Current.CancellationToken);
            Assert.Equal(status, list.StatusCode);
            using var create = await client.PostAsJsonAsync(path, new { repository_id = id }, TestContext.Current.CancellationToken);
            Assert.Equal(status, create.StatusCode);
        }
    }

    [Fact]
    public async Task A_repository_that_cannot_be_read_does_not_exist()
    {
        var (_, id, repository, _) = await RepositoryAsync();
        using var stranger = await shared.ClientAsync(await shared.Seed.UserAsync("eve"), "codespace repo");
        using var byName = await stranger.PostAsJsonAsync(
            $"/api/v3/repos/{repository}/codespaces", new { }, TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.NotFound, byName.StatusCode);
        using var byId = await stranger.PostAsJsonAsync(
            "/api/v3/user/codespaces", new { repository_id = id }, TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.NotFound, byId.StatusCode);
    }

    [Theory]
    [InlineData("GET", "", HttpStatusCode.OK)]
    [InlineData("GET", "/creation-log", HttpStatusCode.OK)]
    [InlineData("POST", "/rebuild", HttpStatusCode.OK)]
    [InlineData("POST", "/stop", HttpStatusCode.OK)]
    [InlineData("POST", "/start", HttpStatusCode.Forbidden)]
    [InlineData("POST", "/exec", HttpStatusCode.Forbidden)]
    [InlineData("PATCH", "", HttpStatusCode.Forbidden)]
    [InlineData("DELETE", "", HttpStatusCode.Forbidden)]
    public async Task A_codespaces_own_token_looks_at_it_stops_and_rebuilds_it_and_reads_its_log(
        string method, string path, HttpStatusCode status)
    {
        var (ada, id, repository, client) = await RepositoryAsync();
        var codespace = await CodespaceServer.CreateAsync(client, repository);
        var name = codespace.GetProperty("name").GetString()!;
        await CodespaceServer.LogAsync(client, name);
        using var own = await shared.ClientOfAsync(codespace, ada, id);
        using var request = new HttpRequestMessage(new HttpMethod(method), Path(name, path))
        {
            Content = JsonContent.Create(new { command = new[] { "id" } }),
        };
        using var response = await own.SendAsync(request, TestContext.Current.CancellationToken);
        Assert.Equal(status, response.StatusCode);
    }

    [Fact]
    public async Task A_codespaces_own_token_reaches_no_other_codespace_and_no_list()
    {
        var (ada, id, repository, client) = await RepositoryAsync();
        var (one, other) = (await CodespaceServer.CreateAsync(client, repository), await CodespaceServer.CreateAsync(client, repository));
        await CodespaceServer.LogAsync(client, one.GetProperty("name").GetString()!);
        using var own = await shared.ClientOfAsync(one, ada, id);
        foreach (var path in new[]
        {
            "/api/v3/user/codespaces/" + other.GetProperty("name").GetString(),
            "/api/v3/user/codespaces",
            $"/api/v3/repos/{repository}/codespaces",
        })
        {
            using var response = await own.GetAsync(path, TestContext.Current.CancellationToken);
            Assert.Equal(HttpStatusCode.Forbidden, response.StatusCode);
        }
    }

    [Fact]
    public async Task A_token_of_a_codespace_ends_with_its_stop()
    {
        var (ada, id, repository, client) = await RepositoryAsync();
        var codespace = await CodespaceServer.CreateAsync(client, repository);
        var name = codespace.GetProperty("name").GetString()!;
        await CodespaceServer.LogAsync(client, name);
        using var own = await shared.ClientOfAsync(codespace, ada, id);
        using var stop = await own.PostAsync(Path(name, "/stop"), null, TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.OK, stop.StatusCode);
        using var after = await own.GetAsync(Path(name), TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.Unauthorized, after.StatusCode);
    }

    [Theory]
    [InlineData("POST", "/repos/REPO/codespaces", "[]", 400, "object")]
    [InlineData("POST", "/repos/REPO/codespaces", "{", 400, "JSON")]
    [InlineData("POST", "/repos/REPO/codespaces", """{"ref":"a b"}""", 422, "not the name of a branch")]
    [InlineData("POST", "/repos/REPO/codespaces", """{"ref":"--upload-pack=touch /tmp/x"}""", 422, "not the name of a branch")]
    [InlineData("POST", "/repos/REPO/codespaces", """{"ref":"../x"}""", 422, "not the name of a branch")]
    [InlineData("POST", "/repos/REPO/codespaces", """{"ref":"a..b"}""", 422, "not the name of a branch")]
    [InlineData("POST", "/repos/REPO/codespaces", """{"ref":"HEAD@{1}"}""", 422, "not the name of a branch")]
    [InlineData("POST", "/repos/REPO/codespaces", """{"ref":"x.lock"}""", 422, "not the name of a branch")]
    [InlineData("POST", "/repos/REPO/codespaces", """{"ref":5}""", 422, "ref must be a string")]
    [InlineData("POST", "/repos/REPO/codespaces", """{"machine":"hugeLinux"}""", 422, "this server offers basicLinux32gb")]
    [InlineData("POST", "/repos/REPO/codespaces", """{"devcontainer_path":"/etc/passwd"}""", 422, "devcontainer_path")]
    [InlineData(
        "POST", "/repos/REPO/codespaces", """{"devcontainer_path":".devcontainer/../../x/devcontainer.json"}""", 422, "devcontainer_path")]
    [InlineData(
        "POST", "/repos/REPO/codespaces", """{"display_name":"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"}""", 422,
        "display_name")]
    [InlineData("POST", "/repos/REPO/codespaces", """{"display_name":["a"]}""", 422, "display_name")]
    [InlineData("POST", "/user/codespaces", "{}", 422, "repository_id")]
    [InlineData("POST", "/user/codespaces", """{"repository_id":"5"}""", 422, "repository_id")]
    [InlineData("POST", "/user/codespaces", """{"repository_id":-5}""", 422, "repository_id")]
    [InlineData("POST", "/user/codespaces", """{"repository_id":99999999999999999999}""", 422, "repository_id")]
    [InlineData("POST", "/user/codespaces", """{"repository_id":999999999}""", 404, "Not Found")]
    [InlineData("POST", "/user/codespaces", """{"pull_request":{"pull_request_number":1,"repository_id":1}}""", 422, "pull requests")]
    [InlineData("GET", "/user/codespaces?repository_id=x", null, 422, "repository_id")]
    [InlineData("GET", "/user/codespaces?page=0", null, 422, "page")]
    [InlineData("GET", "/user/codespaces/no-such-codespace", null, 404, "Not Found")]
    [InlineData("GET", "/user/codespaces/..%2f..%2fetc", null, 404, "Not Found")]
    [InlineData("GET", "/user/codespaces/no-such-codespace/creation-log?follow=true", null, 404, "Not Found")]
    [InlineData("GET", "/user/codespaces/NAME/creation-log?attempt=x", null, 422, "attempt")]
    [InlineData("POST", "/user/codespaces/NAME/exec", "{}", 422, "command")]
    [InlineData("POST", "/user/codespaces/NAME/exec", """{"command":[]}""", 422, "command")]
    [InlineData("POST", "/user/codespaces/NAME/exec", """{"command":"ls"}""", 422, "command")]
    [InlineData("POST", "/user/codespaces/NAME/exec", """{"command":["a\u0000b"]}""", 422, "command")]
    [InlineData("POST", "/user/codespaces/NAME/exec", """{"command":["ls"]}""", 409, "start it with")]
    [InlineData("PATCH", "/user/codespaces/NAME", """{"display_name":7}""", 422, "display_name")]
    public async Task Bad_input_is_refused_with_what_is_wrong(string method, string path, string? body, int status, string message)
    {
        var (_, _, repository, client) = await RepositoryAsync();
        var name = "";
        if (path.Contains("NAME", StringComparison.Ordinal))
        {
            name = (await CodespaceServer.CreateAsync(client, repository)).GetProperty("name").GetString()!;
            await CodespaceServer.LogAsync(client, name);
        }

        var target = "/api/v3" + path.Replace("REPO", repository, StringComparison.Ordinal).Replace("NAME", name, StringComparison.Ordinal);
        using var request = new HttpRequestMessage(new HttpMethod(method), new Uri(target, UriKind.Relative));
        if (body is not null)
        {
            request.Content = new StringContent(body, Encoding.UTF8, "application/json");
        }

        using var response = await client.SendAsync(request, TestContext.Current.CancellationToken);
        var text = await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        Assert.True((int)response.StatusCode == status, text);
        Assert.Contains(message, JsonDocument.Parse(text).RootElement.GetProperty("message").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_export_is_the_creation_log_of_an_attempt()
    {
        var (_, _, repository, client) = await RepositoryAsync();
        var name = (await CodespaceServer.CreateAsync(client, repository)).GetProperty("name").GetString()!;
        var log = await CodespaceServer.LogAsync(client, name);
        using var export = await client.PostAsync(Path(name, "/exports"), null, TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.Accepted, export.StatusCode);
        var made = await export.Content.ReadFromJsonAsync<JsonElement>(TestContext.Current.CancellationToken);
        var latest = await CodespaceServer.GetAsync(client, $"/api/v3/user/codespaces/{name}/exports/latest");
        Assert.Equal(made.GetProperty("id").GetString(), latest.GetProperty("id").GetString());
        Assert.Equal("succeeded", latest.GetProperty("state").GetString());
        Assert.Equal(
            log,
            await client.GetStringAsync(new Uri(latest.GetProperty("export_url").GetString()!), TestContext.Current.CancellationToken));
        using var none = await client.GetAsync(Path(name, "/exports/77"), TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.NotFound, none.StatusCode);
    }

    private static readonly (string Method, string Path)[] Requests =
    [
        ("GET", ""), ("PATCH", ""), ("DELETE", ""), ("POST", "/start"), ("POST", "/stop"), ("POST", "/rebuild"), ("POST", "/exec"),
        ("GET", "/creation-log"), ("GET", "/machines"),
    ];

    private static Uri Path(string name, string rest = "") => new($"/api/v3/user/codespaces/{name}{rest}", UriKind.Relative);

    /// <summary>Ada, her private repository, and a client with her token.</summary>
    private async Task<(UserPrincipal Ada, long Id, string Repository, HttpClient Client)> RepositoryAsync()
    {
        var ada = await shared.Seed.UserAsync("ada");
        var id = await shared.Seed.RepositoryAsync(ada.UserId, "app");
        return (ada, id, ada.Login + "/app", await shared.ClientAsync(ada));
    }
}
