using System.Text.Json;
using Berth.Tests.TestServer;

namespace Berth.Tests.Registry;

/// <summary>What a refused caller of the registry is told: what clients need to continue, and what people can do about it.</summary>
public sealed class RefusalTests(SharedServer shared)
{
    private static readonly string Blob = TestRepository.Sha256([1]);

    [Theory]
    [InlineData("GET", "manifests/latest", "pull")]
    [InlineData("HEAD", "manifests/latest", "pull")]
    [InlineData("GET", "tags/list", "pull")]
    [InlineData("GET", "blobs/{blob}", "pull")]
    [InlineData("GET", "referrers/{blob}", "pull")]
    [InlineData("POST", "blobs/uploads/", "pull,push")]
    [InlineData("PUT", "manifests/latest", "pull,push")]
    [InlineData("DELETE", "manifests/latest", "delete")]
    public async Task An_anonymous_token_is_told_that_it_is_too_narrow(string method, string path, string actions)
    {
        // RFC 6750 section 3.1. containerd reads the code, and at the second time it says that a login is needed.
        using var hidden = TestRepository.New(shared.Server);
        await hidden.ImageAsync("latest");
        var words = new List<string?>();
        foreach (var name in (string[])[hidden.Name, "admin/never-was"])
        {
            var scope = $"repository:{name}:{actions}";
            using var nobody = new TestRepository(shared.Server, name, await AnonymousAsync(scope));
            var answer = await nobody.SendAsync(
                method, path.Replace("{blob}", Blob, StringComparison.Ordinal), method is "PUT" or "POST" ? [] : null);
            Assert.Equal(401, answer.Status);
            Assert.EndsWith($"scope=\"{scope}\",error=\"insufficient_scope\"", answer.Header("WWW-Authenticate"), StringComparison.Ordinal);
            words.Add(method == "HEAD" ? null : answer.Message);
        }

        Assert.Equal(words[0], words[1]);
    }

    [Fact]
    public async Task A_request_without_any_token_is_told_no_error()
    {
        // RFC 6750 section 3.1: a request without authentication gets no error code.
        using var nobody = new TestRepository(shared.Server, "admin/never-was", token: null);
        Assert.DoesNotContain(
            "error=", (await nobody.SendAsync("GET", "manifests/latest")).Header("WWW-Authenticate"), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("PUT", "manifests/2", "write")]
    [InlineData("POST", "blobs/uploads/", "write")]
    [InlineData("GET", "manifests/latest", "read")]
    [InlineData("DELETE", "manifests/latest", "admin")]
    public async Task A_workflow_is_told_what_an_admin_of_the_package_can_run(string method, string path, string role)
    {
        // The most frequent complaint about hosted registries: a person pushed first, and then CI may not push.
        var ada = await shared.Server.UserAsync();
        var acme = await ada.OrganizationAsync();
        var app = await ada.RepositoryAsync(acme);
        var other = await ada.OrganizationAsync("other");
        await ada.PushAsync($"{acme}/web");
        await ada.PushAsync($"{other}/web");
        var workflow = await ada.WorkflowAsync(app);
        foreach (var name in (string[])[$"{acme}/web", $"{other}/web", $"{other}/never-was", "nobody-at-all/web"])
        {
            using var repository = new TestRepository(shared.Server, name, workflow.Token);
            var answer = await repository.SendAsync(method, path, method is "PUT" or "POST" ? [] : null);
            Assert.Equal((403, "DENIED"), (answer.Status, answer.Code));
            var remedy = $"if it exists, an admin of the package can run: berth package access grant {name} --actions {app} --role {role}";
            Assert.Equal(
                $"requested access to {name} is denied: signed in as a workflow of {app} with packages: write ({remedy})", answer.Message);
            Assert.Equal(remedy, answer.Json.GetProperty("errors")[0].GetProperty("detail").GetProperty("remedy").GetString());
        }
    }

    [Fact]
    public async Task The_command_that_a_refused_workflow_is_told_works()
    {
        var ada = await shared.Server.UserAsync();
        var acme = await ada.OrganizationAsync();
        var app = await ada.RepositoryAsync(acme);
        await ada.PushAsync($"{acme}/web");
        var explained = await ada.GetAsync($"/orgs/{acme}/packages/container/web/access/explain?workflow={app}&action=push");
        Assert.Equal(
            $"an admin of the package can run: berth package access grant {acme}/web --actions {app} --role write",
            explained["remedy"].GetString());
        await ada.DoAsync("PUT", $"/orgs/{acme}/packages/container/web/access/actions/{app}", """{"role":"write"}""");
        await (await ada.WorkflowAsync(app)).PushAsync($"{acme}/web", "2");
    }

    [Theory]
    [InlineData(
        "read:packages,write:packages", "GET",
        "if it exists, an admin of the package can run: berth package access grant {name} --user {login} --role read")]
    [InlineData(
        "read:packages,write:packages", "PUT",
        "if it exists, an admin of the package can run: berth package access grant {name} --user {login} --role write")]
    [InlineData("read:packages", "PUT", "use a token with the scope write:packages")]
    [InlineData("repo", "GET", "use a token with the scope read:packages")]
    public async Task A_person_is_told_the_same_for_a_hidden_package_and_for_none(string scopes, string method, string remedy)
    {
        using var hidden = TestRepository.New(shared.Server);
        await hidden.ImageAsync("latest");
        var bob = await shared.Server.UserAsync("bob", scopes);
        foreach (var name in (string[])[hidden.Name, "admin/never-was"])
        {
            using var repository = new TestRepository(shared.Server, name, bob.Token);
            var answer = await repository.SendAsync(method, "manifests/latest", method == "PUT" ? [] : null);
            Assert.Equal(403, answer.Status);
            Assert.EndsWith(
                $"({remedy.Replace("{name}", name, StringComparison.Ordinal).Replace("{login}", bob.Login, StringComparison.Ordinal)})",
                answer.Message, StringComparison.Ordinal);
        }
    }

    private async Task<string> AnonymousAsync(string scope)
    {
        using var client = shared.Server.Client();
        var body = await client.GetStringAsync($"/token?service=x&scope={scope}", TestContext.Current.CancellationToken);
        return JsonSerializer.Deserialize<JsonElement>(body).GetProperty("token").GetString()!;
    }
}
