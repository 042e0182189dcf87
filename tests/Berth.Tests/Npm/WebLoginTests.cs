using System.Net;
using Berth.Server.Database;
using Berth.Tests.TestServer;
using Berth.Tests.Tokens;
using Microsoft.Extensions.DependencyInjection;

namespace Berth.Tests.Npm;

/// <summary>npm's requests to log in with a page, and a browser's requests to the page.</summary>
public sealed class WebLoginTests(ClockedServer clocked) : IClassFixture<ClockedServer>
{
    private const string Waits = "{}";

    /// <summary>The scopes of the token that confirms, and those of the client's token. Null: the client gets none.</summary>
    public static TheoryData<string, string?> Scopes => new()
    {
        { Persons.AllScopes, "write:packages delete:packages" },
        { "read:packages", "read:packages" },
        { "write:packages", "write:packages" },
        { "read:packages,delete:packages,repo", "read:packages delete:packages" },
        { "repo,user,admin:org", null },
        { "delete:packages", null },
        { "", null },
    };

    private BerthServer Server => clocked.Server;

    [Fact]
    public async Task A_person_confirms_and_the_client_gets_a_token_of_its_own()
    {
        var ada = await Server.UserAsync();
        var login = await BeginAsync(Server, """{"hostname":"laptop"}""");
        var waiting = await Server.Nobody().CallAsync("GET", login.Done);
        Assert.Equal((HttpStatusCode.Accepted, Waits, "2"), (waiting.Status, waiting.Body, waiting.Header("Retry-After")));
        var shown = await Server.Nobody().CallAsync("GET", login.Page);
        Assert.Equal(HttpStatusCode.OK, shown.Status);
        Assert.Contains("127.0.0.1", shown.Body, StringComparison.Ordinal);
        Assert.Contains("laptop", shown.Body, StringComparison.Ordinal);

        var confirmed = await ConfirmAsync(Server, login.Page, ada.Token);
        Assert.Equal(HttpStatusCode.OK, confirmed.Status);
        var done = await Server.Nobody().CallAsync("GET", login.Done);
        Assert.Equal(HttpStatusCode.OK, done.Status);
        var made = new Person(Server, ada.Login, done["token"].GetString());
        Assert.NotEqual(ada.Token, made.Token);
        Assert.Equal(ada.Login, (await made.CallAsync("GET", "/npm/-/whoami"))["username"].GetString());
        var listed = (await ada.GetAsync("/user/tokens")).Json[0];
        Assert.Equal("npm login on laptop", listed.GetProperty("note").GetString());
        var log = await Server.Administrator().GetAsync(
            $"/admin/audit-log?phrase={Uri.EscapeDataString($"action:personal_access_token.create actor:{ada.Login}")}");
        Assert.Single(log.Json.EnumerateArray());

        // It works only once, for the client and for the person.
        Assert.Equal(HttpStatusCode.NotFound, (await Server.Nobody().CallAsync("GET", login.Done)).Status);
        Assert.Equal(HttpStatusCode.NotFound, (await ConfirmAsync(Server, login.Page, ada.Token)).Status);
        Assert.Equal(HttpStatusCode.NotFound, (await Server.Nobody().CallAsync("GET", login.Page)).Status);
    }

    [Theory]
    [MemberData(nameof(Scopes))]
    public async Task The_new_token_can_what_the_shown_one_can_with_packages_and_no_more(string scopes, string? expected)
    {
        var ada = await Server.UserAsync(scopes: scopes);
        var login = await BeginAsync(Server);
        var confirmed = await ConfirmAsync(Server, login.Page, ada.Token);
        var done = await Server.Nobody().CallAsync("GET", login.Done);
        if (expected is null)
        {
            Assert.Equal(HttpStatusCode.Forbidden, confirmed.Status);
            Assert.Contains("this needs a token with the scope read:packages or write:packages", confirmed.Body, StringComparison.Ordinal);
            Assert.Equal(HttpStatusCode.Accepted, done.Status);
            return;
        }

        Assert.Equal(HttpStatusCode.OK, done.Status);
        Assert.Equal(expected, await ScopesAsync(done["token"].GetString()!));
    }

    [Fact]
    public async Task A_narrowed_token_that_ends_gives_one_that_is_narrowed_and_ends()
    {
        var ada = await Server.UserAsync();
        var end = Server.Clock!.GetUtcNow().AddDays(3).ToString("O");
        var narrow = await ada.DoAsync(
            "POST", "/user/tokens", $$"""{"scopes":["write:packages"],"packages":["{{ada.Login}}/lib"],"expires_at":"{{end}}"}""");
        var login = await BeginAsync(Server);
        Assert.Equal(HttpStatusCode.OK, (await ConfirmAsync(Server, login.Page, narrow["token"].GetString()!)).Status);
        var made = new Person(Server, ada.Login, (await Server.Nobody().CallAsync("GET", login.Done))["token"].GetString());
        Assert.Equal(HttpStatusCode.Created, (await made.PublishAsync($"@{ada.Login}/lib")).Status);
        Assert.Equal(HttpStatusCode.NotFound, (await made.PublishAsync($"@{ada.Login}/other")).Status);
        var listed = (await ada.GetAsync("/user/tokens")).Json[0];
        Assert.Equal(narrow["expires_at"].GetString(), listed.GetProperty("expires_at").GetString());
    }

    [Fact]
    public async Task A_login_ends_after_ten_minutes_confirmed_or_not()
    {
        var ada = await Server.UserAsync();
        var (left, confirmed) = (await BeginAsync(Server), await BeginAsync(Server));
        await ConfirmAsync(Server, confirmed.Page, ada.Token);
        Server.Clock!.Advance(TimeSpan.FromMinutes(10) - TimeSpan.FromSeconds(1));
        Assert.Equal(HttpStatusCode.Accepted, (await Server.Nobody().CallAsync("GET", left.Done)).Status);
        Server.Clock.Advance(TimeSpan.FromSeconds(1));
        foreach (var address in new[] { left.Page, left.Done, confirmed.Page, confirmed.Done })
        {
            Assert.Equal(HttpStatusCode.NotFound, (await Server.Nobody().CallAsync("GET", address)).Status);
        }

        Assert.Equal(HttpStatusCode.NotFound, (await ConfirmAsync(Server, left.Page, ada.Token)).Status);
    }

    [Fact]
    public async Task The_page_runs_nothing_keeps_nothing_and_says_what_strangers_say_as_text()
    {
        var login = await BeginAsync(Server, """{"hostname":"<script>alert(1)</script>\u0000\"'&"}""");
        foreach (var reply in new[]
        {
            await Server.Nobody().CallAsync("GET", login.Page), await ConfirmAsync(Server, login.Page, "<b>wrong</b>"),
            await Server.Nobody().CallAsync("GET", "/login/npm?code=none"), await Server.Nobody().CallAsync("GET", "/login/npm"),
        })
        {
            Assert.DoesNotContain("<script", reply.Body, StringComparison.OrdinalIgnoreCase);
            Assert.DoesNotContain("<b>", reply.Body, StringComparison.Ordinal);
            Assert.Null(reply.Header("Set-Cookie"));
            var policy = reply.Header("Content-Security-Policy")!;
            Assert.StartsWith("default-src 'none'; style-src 'sha256-", policy, StringComparison.Ordinal);
            Assert.Contains("frame-ancestors 'none'", policy, StringComparison.Ordinal);
            Assert.Equal(("no-referrer", "no-store"), (reply.Header("Referrer-Policy"), reply.Header("Cache-Control")));
        }
    }

    [Fact]
    public async Task A_wrong_token_is_told_counted_and_confirms_nothing()
    {
        var login = await BeginAsync(Server);
        var before = await FailuresAsync();
        var wrong = await ConfirmAsync(Server, login.Page, "berthp_wrong");
        Assert.Equal(HttpStatusCode.Unauthorized, wrong.Status);
        Assert.Contains("the token is not known", wrong.Body, StringComparison.Ordinal);
        Assert.Equal(before + 1, await FailuresAsync());
        Assert.Equal(HttpStatusCode.Accepted, (await Server.Nobody().CallAsync("GET", login.Done)).Status);
    }

    [Fact]
    public async Task Tokens_of_machines_confirm_nothing()
    {
        var ada = await Server.UserAsync();
        var app = await ada.RepositoryAsync(ada.Login);
        var login = await BeginAsync(Server);
        foreach (var machine in new[] { await ada.WorkflowAsync(app), await CodespaceTokens.CreateAsync(ada, app) })
        {
            Assert.Equal(HttpStatusCode.Forbidden, (await ConfirmAsync(Server, login.Page, machine.Token)).Status);
        }

        Assert.Equal(HttpStatusCode.Accepted, (await Server.Nobody().CallAsync("GET", login.Done)).Status);
    }

    [Fact]
    public async Task Who_has_one_address_has_not_the_other()
    {
        var ada = await Server.UserAsync();
        var login = await BeginAsync(Server);
        await ConfirmAsync(Server, login.Page, ada.Token);
        var (page, done) = (login.Page.Split('=')[1], login.Done.Split('=')[1]);
        Assert.NotEqual(page, done);
        Assert.Equal(64, done.Length);
        Assert.Equal(HttpStatusCode.NotFound, (await Server.Nobody().CallAsync("GET", login.Done.Replace(done, page))).Status);
        Assert.Equal(HttpStatusCode.NotFound, (await Server.Nobody().CallAsync("GET", login.Page.Replace(page, done))).Status);
    }

    [Fact]
    public async Task A_token_that_has_ended_meanwhile_gives_none()
    {
        var ada = await Server.UserAsync();
        var login = await BeginAsync(Server);
        await ConfirmAsync(Server, login.Page, ada.Token);
        await ada.DoAsync("DELETE", "/user/tokens");
        Assert.Equal(HttpStatusCode.NotFound, (await Server.Nobody().CallAsync("GET", login.Done)).Status);
    }

    [Fact]
    public async Task Of_many_who_ask_at_once_one_gets_the_token()
    {
        var ada = await Server.UserAsync();
        var login = await BeginAsync(Server);
        await ConfirmAsync(Server, login.Page, ada.Token);
        var replies = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => Server.Nobody().CallAsync("GET", login.Done)));
        Assert.Single(replies, reply => reply.Status == HttpStatusCode.OK);
        Assert.Equal(2, (await ada.GetAsync("/user/tokens")).Json.GetArrayLength());
    }

    /// <summary>npm sends its old token, which has ended, and that is why somebody logs in.</summary>
    [Fact]
    public async Task A_token_that_has_ended_keeps_nobody_from_logging_in()
    {
        var ada = await Server.UserAsync();
        var stale = new Person(Server, "", "berthp_ended");
        Assert.Equal(HttpStatusCode.OK, (await stale.CallAsync("POST", "/npm/-/v1/login", "{}")).Status);
        var body = $$"""{"name":"{{ada.Login}}","password":"{{ada.Token}}"}""";
        Assert.Equal(
            HttpStatusCode.Created, (await stale.CallAsync("PUT", $"/npm/-/user/org.couchdb.user:{ada.Login}", body)).Status);
    }

    [Fact]
    public async Task One_address_has_a_few_logins_at_a_time()
    {
        await using var server = await BerthServer.StartAsync(manualClock: true);
        for (var i = 0; i < 100; i++)
        {
            await BeginAsync(server);
        }

        var refused = await server.Nobody().CallAsync("POST", "/npm/-/v1/login", "{}");
        Assert.Equal((HttpStatusCode)429, refused.Status);
        Assert.Equal("60", refused.Header("Retry-After"));
        server.Clock!.Advance(TimeSpan.FromMinutes(10));
        await BeginAsync(server);
    }

    [Fact]
    public async Task With_subdomains_the_page_is_not_where_packages_are()
    {
        await using var server = await BerthServer.StartAsync(
            settings: ["BERTH_SUBDOMAINS=true", "BERTH_URL=https://berth.test"]);
        var begun = await server.Nobody().CallAsync("POST", "/npm/-/v1/login", "{}");
        Assert.StartsWith("https://berth.test/login/npm?code=", begun["loginUrl"].GetString(), StringComparison.Ordinal);
        Assert.StartsWith("https://npm.berth.test/-/v1/done?code=", begun["doneUrl"].GetString(), StringComparison.Ordinal);
        var page = new Uri(begun["loginUrl"].GetString()!).PathAndQuery;
        Assert.Equal(HttpStatusCode.OK, (await server.Nobody().CallAsync("GET", page)).Status);
        using var client = server.Client();
        client.DefaultRequestHeaders.Host = "npm.berth.test";
        using var elsewhere = await client.GetAsync(new Uri(page, UriKind.Relative), TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.NotFound, elsewhere.StatusCode);
    }

    private static async Task<(string Page, string Done)> BeginAsync(BerthServer server, string body = "{}")
    {
        var reply = await server.Nobody().CallAsync("POST", "/npm/-/v1/login", body);
        Assert.True(reply.Status == HttpStatusCode.OK, reply.Body);
        return (new Uri(reply["loginUrl"].GetString()!).PathAndQuery, new Uri(reply["doneUrl"].GetString()!).PathAndQuery);
    }

    private static async Task<Reply> ConfirmAsync(BerthServer server, string page, string token)
    {
        using var client = server.Client();
        using var form = new FormUrlEncodedContent([new("token", token)]);
        var response = await client.PostAsync(new Uri(page, UriKind.Relative), form, TestContext.Current.CancellationToken);
        return new Reply(response.StatusCode, await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken), response);
    }

    private async Task<string> ScopesAsync(string token)
    {
        using var client = Server.Client(token);
        using var response = await client.GetAsync(new Uri("/api/v3/user", UriKind.Relative), TestContext.Current.CancellationToken);
        return response.Headers.GetValues("X-OAuth-Scopes").Single().Replace(",", "", StringComparison.Ordinal);
    }

    private Task<long> FailuresAsync() => Server.Services.GetRequiredService<Db>().ReadAsync(
        session => session.SingleAsync<long>(
            "select coalesce(sum(failures), 0) from login_failures where subject like '%|login page'"),
        TestContext.Current.CancellationToken);
}

/// <summary>A server whose clock the tests control.</summary>
public sealed class ClockedServer : IAsyncLifetime
{
    private BerthServer? _server;

    public BerthServer Server => _server ?? throw new InvalidOperationException("not started");

    public async ValueTask InitializeAsync() => _server = await BerthServer.StartAsync(manualClock: true);

    public async ValueTask DisposeAsync() => await Server.DisposeAsync();
}
