using System.Net;
using Berth.Server.Repositories.Cloning;
using Berth.Tests.Cli;
using Berth.Tests.TestServer;
using Microsoft.Extensions.DependencyInjection;

namespace Berth.Tests.Repositories;

/// <summary>Credentials for private git servers: who stores them, what is shown of them, and when they are deleted.</summary>
public sealed class CloneCredentialTests(SharedServer shared)
{
    private const string Body = """{"username":"ada","password":"hush hush"}""";

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private BerthServer Server => shared.Server;

    [Theory]
    [InlineData("clone-credential")]
    [InlineData("codespaces/clone-credential")]
    public async Task One_is_stored_shown_without_its_password_replaced_and_deleted(string path)
    {
        var ada = await Server.UserAsync();
        var app = await RepositoryAsync(ada, "https://git.example.test/acme/app.git");
        var route = $"/repos/{app}/{path}";
        Assert.Equal(HttpStatusCode.NotFound, (await ada.GetAsync(route)).Status);
        await ada.DoAsync("PUT", route, Body);
        var shown = await ada.GetAsync(route);
        Assert.Equal(("ada", "https://git.example.test:443"), (shown["username"].GetString(), shown["origin"].GetString()));
        Assert.DoesNotContain("hush", shown.Body, StringComparison.Ordinal);
        await ada.DoAsync("PUT", route, """{"username":"bot","password":"x"}""");
        Assert.Equal("bot", (await ada.GetAsync(route))["username"].GetString());
        await ada.DoAsync("DELETE", route);
        Assert.Equal(HttpStatusCode.NotFound, (await ada.SendAsync("DELETE", route)).Status);
    }

    [Theory]
    [InlineData("""{"username":"ada"}""", "password is missing")]
    [InlineData("""{"password":"hush"}""", "username is missing")]
    [InlineData("""{"username":"ada","password":"hush\nhush"}""", "password must be one line")]
    [InlineData("""{"username":"a\tb","password":"hush"}""", "username must be one line")]
    [InlineData("""{"username":"ada","password":7}""", "password must be a string")]
    public async Task A_bad_body_is_refused_without_repeating_the_password(string body, string message)
    {
        var ada = await Server.UserAsync();
        var app = await RepositoryAsync(ada, "https://git.example.test/acme/app.git");
        var reply = await ada.SendAsync("PUT", $"/repos/{app}/clone-credential", body);
        Assert.Equal(HttpStatusCode.UnprocessableEntity, reply.Status);
        Assert.Contains(message, reply.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("hush", reply.Body, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("ssh://git@git.example.test/acme/app.git")]
    public async Task It_takes_an_http_url_to_be_bound_to(string? url)
    {
        var ada = await Server.UserAsync();
        var app = await RepositoryAsync(ada, url);
        var reply = await ada.SendAsync("PUT", $"/repos/{app}/clone-credential", Body);
        Assert.Equal(HttpStatusCode.UnprocessableEntity, reply.Status);
        Assert.Contains("has no http or https clone_url", reply.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("https://git.example.test/acme/other.git", true)]
    [InlineData("https://GIT.example.test:443/acme/app", true)]
    [InlineData("http://git.example.test/acme/app.git", false)]
    [InlineData("https://git.example.test:8443/acme/app.git", false)]
    [InlineData("https://evil.example.test/acme/app.git", false)]
    [InlineData("ssh://git@git.example.test/acme/app.git", false)]
    [InlineData(null, false)]
    public async Task It_goes_when_scheme_host_or_port_of_the_clone_url_change(string? url, bool stays)
    {
        var ada = await Server.UserAsync();
        var app = await RepositoryAsync(ada, "https://git.example.test/acme/app.git");
        await ada.DoAsync("PUT", $"/repos/{app}/clone-credential", Body);
        await ada.DoAsync("PUT", $"/repos/{app}/codespaces/clone-credential", Body);
        await ada.DoAsync("PATCH", $"/repos/{app}", $"{{\"clone_url\":{(url is null ? "null" : $"\"{url}\"")}}}");
        await ada.DoAsync("PATCH", $"/repos/{app}", """{"clone_url":"https://git.example.test/acme/app.git"}""");
        var expected = stays ? HttpStatusCode.OK : HttpStatusCode.NotFound;
        Assert.Equal(expected, (await ada.GetAsync($"/repos/{app}/clone-credential")).Status);
        Assert.Equal(expected, (await ada.GetAsync($"/repos/{app}/codespaces/clone-credential")).Status);
    }

    [Fact]
    public async Task It_goes_with_a_transfer()
    {
        var ada = await Server.UserAsync();
        var acme = await ada.OrganizationAsync();
        var app = await RepositoryAsync(ada, "https://git.example.test/acme/app.git");
        await ada.DoAsync("PUT", $"/repos/{app}/clone-credential", Body);
        var moved = (await ada.DoAsync("POST", $"/repos/{app}/transfer", $$"""{"new_owner":"{{acme}}"}"""))["full_name"].GetString();
        Assert.Equal(HttpStatusCode.NotFound, (await ada.GetAsync($"/repos/{moved}/clone-credential")).Status);
    }

    [Fact]
    public async Task A_users_own_comes_before_the_repositorys_and_is_for_that_user_only()
    {
        var (ada, bob) = (await Server.UserAsync(), await Server.UserAsync("bob"));
        const string Url = "https://git.example.test/acme/app.git";
        var app = await RepositoryAsync(ada, Url);
        await ada.DoAsync("PUT", $"/repos/{app}/collaborators/{bob.Login}", """{"permission":"read"}""");
        await ada.DoAsync("PUT", $"/repos/{app}/clone-credential", """{"username":"shared","password":"one"}""");
        await bob.DoAsync("PUT", $"/repos/{app}/codespaces/clone-credential", """{"username":"bob","password":"two"}""");
        Assert.Equal(HttpStatusCode.Forbidden, (await bob.GetAsync($"/repos/{app}/clone-credential")).Status);
        var id = (await ada.GetAsync($"/repos/{app}"))["id"].GetInt64();
        Assert.Equal("shared one the repository's", await UsedAsync(id, ada, Url));
        Assert.Equal($"bob two {bob.Login}'s", await UsedAsync(id, bob, Url));
        Assert.Null(await UsedAsync(id, ada, "https://evil.example.test/acme/app.git"));
        Assert.Null(await UsedAsync(id, ada, "http://git.example.test/acme/app.git"));
    }

    [Fact]
    public async Task The_command_line_reads_the_password_from_its_input()
    {
        var ada = await Server.UserAsync();
        var app = await RepositoryAsync(ada, "https://git.example.test/acme/app.git");
        using var cli = new CliRun(Server, ada.Token);
        var set = await cli.RunWithInputAsync("hush\n", "repo", "clone-credential", "set", app, "--username", "ada");
        Assert.Equal((0, $"Stored for https://git.example.test:443, for everybody's codespaces of {app}.\n"), (set.ExitCode, set.Error));
        Assert.Matches(@"User name:\s+ada", await cli.DoAsync($"repo clone-credential show {app}"));
        Assert.Equal(4, (await cli.RunAsync("repo", "clone-credential", "show", app, "--own")).ExitCode);
        Assert.Equal(2, (await cli.RunAsync("repo", "clone-credential", "set", app, "--username", "ada")).ExitCode);
        await cli.DoAsync($"repo clone-credential delete {app}");
    }

    private static async Task<string> RepositoryAsync(Person person, string? url) => (await person.DoAsync(
        "POST", "/user/repos", $"{{\"name\":\"app\",\"private\":true{(url is null ? "" : $",\"clone_url\":\"{url}\"")}}}"))["full_name"]
            .GetString()!;

    private async Task<string?> UsedAsync(long repository, Person person, string url)
    {
        var user = (await person.GetAsync("/user"))["id"].GetInt64();
        var used = await Server.Services.GetRequiredService<CloneCredentials>().ForAsync(repository, user, person.Login, url, Token);
        return used is null ? null : $"{used.UserName} {used.Password} {used.Whose}";
    }
}
