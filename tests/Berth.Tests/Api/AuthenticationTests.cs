using System.Net;
using System.Net.Http.Headers;
using System.Text;
using Berth.Tests.TestServer;

namespace Berth.Tests.Api;

/// <summary>How callers sign in to the API, and the headers of every answer.</summary>
public sealed class AuthenticationTests(SharedServer shared)
{
    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("Bearer {0}")]
    [InlineData("bearer {0}")]
    [InlineData("token {0}")]
    public async Task A_token_is_accepted_in_both_spellings(string header)
    {
        using var client = shared.Server.Client();
        client.DefaultRequestHeaders.Add("Authorization", string.Format(header, BerthServer.AdminToken));
        Assert.Equal(HttpStatusCode.OK, (await client.GetAsync("/api/v3/user", Cancelled)).StatusCode);
    }

    [Fact]
    public async Task A_token_is_accepted_as_the_password_of_basic_whatever_the_user_name()
    {
        using var client = shared.Server.Client();
        client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue(
            "Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes("x:" + BerthServer.AdminToken)));
        Assert.Equal(HttpStatusCode.OK, (await client.GetAsync("/api/v3/user", Cancelled)).StatusCode);
    }

    [Theory]
    [InlineData("Bearer nonsense", "Bad credentials")]
    [InlineData("token berthp_AAAA", "Bad credentials")]
    [InlineData("Basic !!!", "Bad credentials")]
    [InlineData("Digest x", "Bad credentials")]
    [InlineData(null, "Requires authentication")]
    public async Task Without_a_good_token_the_answer_is_401(string? header, string message)
    {
        using var client = shared.Server.Client();
        if (header is not null)
        {
            client.DefaultRequestHeaders.TryAddWithoutValidation("Authorization", header);
        }

        var response = await client.GetAsync("/api/v3/user", Cancelled);
        Assert.Equal(HttpStatusCode.Unauthorized, response.StatusCode);
        Assert.Contains(message, await response.Content.ReadAsStringAsync(Cancelled), StringComparison.Ordinal);
        Assert.NotEmpty(response.Headers.WwwAuthenticate);
    }

    /// <summary>Failures are counted under the user name, in a database that accepts neither NUL nor half a character.</summary>
    [Theory]
    [InlineData("a\0b")]
    [InlineData("\u001b[31m")]
    [InlineData("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\U0001F600")]
    public async Task A_strange_user_name_is_just_a_failure(string user)
    {
        using var client = shared.Server.Client();
        client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue(
            "Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes(user + ":x")));
        Assert.Equal(HttpStatusCode.Unauthorized, (await client.GetAsync("/api/v3/user", Cancelled)).StatusCode);
    }

    [Fact]
    public async Task Bad_credentials_are_refused_even_where_nobody_needs_any()
    {
        var reply = await new Person(shared.Server, "", "wrong").GetAsync("/users/admin");
        Assert.Equal(HttpStatusCode.Unauthorized, reply.Status);
    }

    [Theory]
    [InlineData("/api/v3")]
    [InlineData("/api/v3/")]
    public async Task The_root_answers_a_map_of_urls_to_a_good_token(string path)
    {
        var reply = await shared.Server.Administrator().DoAsync("GET", path);
        Assert.Equal(shared.Server.Url.GetLeftPart(UriPartial.Authority) + "/api/v3/user", reply["current_user_url"].GetString());
        Assert.Equal(HttpStatusCode.Unauthorized, (await shared.Server.Nobody().GetAsync(path)).Status);
    }

    [Fact]
    public async Task Gh_learns_who_it_is_from_the_viewer_query()
    {
        var ada = await shared.Server.UserAsync();
        var reply = await ada.DoAsync("POST", "/api/graphql", """{"query":"query UserCurrent{viewer{login}}"}""");
        Assert.Equal(ada.Login, reply["data"].GetProperty("viewer").GetProperty("login").GetString());
        Assert.Contains(
            "errors", (await ada.DoAsync("POST", "/api/graphql", """{"query":"{rateLimit{cost}}"}""")).Body, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Headers_say_scopes_media_type_version_and_request_id()
    {
        var ada = await shared.Server.UserAsync("ada", "repo,read:packages");
        var reply = await ada.GetAsync("/user/packages?package_type=container");
        Assert.Equal("read:packages, repo", reply.Header("X-OAuth-Scopes"));
        Assert.Equal("read:packages", reply.Header("X-Accepted-OAuth-Scopes"));
        Assert.Equal("github.v3; format=json", reply.Header("X-GitHub-Media-Type"));
        Assert.Equal("2022-11-28", reply.Header("X-GitHub-Api-Version-Selected"));
        Assert.NotEmpty(reply.Header("X-GitHub-Request-Id")!);
    }

    [Fact]
    public async Task An_error_carries_the_same_request_id_as_its_header()
    {
        var reply = await shared.Server.Administrator().SendAsync("POST", "/admin/users", "{}");
        Assert.Equal(reply.Header("X-Request-Id"), reply["request_id"].GetString());
        Assert.Equal("site_admin", reply.Header("X-Accepted-OAuth-Scopes"));
    }

    [Fact]
    public async Task An_api_version_that_does_not_exist_is_refused()
    {
        using var client = shared.Server.Admin();
        client.DefaultRequestHeaders.Add("X-GitHub-Api-Version", "1999-01-01");
        Assert.Equal(HttpStatusCode.BadRequest, (await client.GetAsync("/api/v3/user", Cancelled)).StatusCode);
    }

    [Fact]
    public async Task Head_answers_what_get_answers_without_a_body()
    {
        using var client = shared.Server.Admin();
        using var request = new HttpRequestMessage(HttpMethod.Head, "/api/v3/user");
        var response = await client.SendAsync(request, Cancelled);
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Empty(await response.Content.ReadAsByteArrayAsync(Cancelled));
    }

    [Fact]
    public async Task A_missing_scope_is_named_before_anything_that_exists_is_looked_at()
    {
        var ada = await shared.Server.UserAsync("ada", "read:packages");
        foreach (var path in new[] { "/repos/admin/nothing", $"/repos/{ada.Login}/nothing" })
        {
            var reply = await ada.SendAsync("PATCH", path, "{}");
            Assert.Equal(HttpStatusCode.Forbidden, reply.Status);
            Assert.Contains("the scope repo", reply.Message, StringComparison.Ordinal);
            Assert.Contains($"signed in as {ada.Login} with read:packages", reply.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Hidden_and_missing_get_the_same_words()
    {
        var ada = await shared.Server.UserAsync();
        var bob = await shared.Server.UserAsync("bob");
        var hidden = await ada.RepositoryAsync(ada.Login, "secret");
        Assert.Equal((await bob.GetAsync($"/repos/{ada.Login}/missing")).Message, (await bob.GetAsync($"/repos/{hidden}")).Message);
    }

    [Fact]
    public async Task Lists_are_paged_with_absolute_links()
    {
        var ada = await shared.Server.UserAsync();
        foreach (var name in new[] { "a", "b", "c", "d", "e" })
        {
            await ada.RepositoryAsync(ada.Login, name);
        }

        var url = shared.Server.Url.GetLeftPart(UriPartial.Authority) + "/api/v3/user/repos?per_page=2&page=";
        var first = await ada.GetAsync("/user/repos?per_page=2");
        Assert.Equal(["a", "b"], first.Json.EnumerateArray().Select(r => r.GetProperty("name").GetString()));
        Assert.Equal($"<{url}2>; rel=\"next\", <{url}3>; rel=\"last\"", first.Header("Link"));
        var second = await ada.GetAsync("/user/repos?per_page=2&page=2");
        Assert.Equal(
            $"<{url}1>; rel=\"prev\", <{url}3>; rel=\"next\", <{url}3>; rel=\"last\", <{url}1>; rel=\"first\"", second.Header("Link"));
        var last = await ada.GetAsync("/user/repos?per_page=2&page=3");
        Assert.Equal($"<{url}2>; rel=\"prev\", <{url}1>; rel=\"first\"", last.Header("Link"));
        Assert.Null((await ada.GetAsync("/user/repos?per_page=1000")).Header("Link"));
        Assert.Equal("[]", (await ada.GetAsync("/user/repos?page=1000000000")).Body);
    }

    [Fact]
    public async Task A_link_to_the_next_page_keeps_an_encoded_name()
    {
        var ada = await shared.Server.UserAsync();
        await ada.PushAsync($"{ada.Login}/tools/base", "1");
        await ada.PushAsync($"{ada.Login}/tools/base", "2", "\"n\":\"2\"");
        var link = (await ada.GetAsync("/user/packages/container/tools%2Fbase/versions?per_page=1")).Header("Link");
        Assert.Contains(
            "/api/v3/user/packages/container/tools%2Fbase/versions?per_page=1&page=2>; rel=\"next\"", link, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Failures_are_slowed_and_a_right_token_is_not()
    {
        await using var server = await BerthServer.StartAsync();
        var stranger = new Person(server, "", "wrong-token");
        for (var i = 0; i < 6; i++)
        {
            Assert.Equal(HttpStatusCode.Unauthorized, (await stranger.GetAsync("/user")).Status);
        }

        await server.Administrator().DoAsync("GET", "/user");
    }
}
