using System.Net;
using Berth.Tests.Cli;
using Berth.Tests.TestServer;

namespace Berth.Tests.Trusts;

/// <summary>Managing the trusts of a repository or an organization.</summary>
public sealed class TrustTests(SharedServer shared)
{
    private const string Permissions = "\"permissions\":{\"packages\":\"write\"}";

    [Fact]
    public async Task What_is_left_out_is_what_the_kind_of_ci_system_says()
    {
        var ada = await shared.Server.UserAsync();
        var app = await ada.RepositoryAsync(ada.Login);
        await ada.DoAsync("PATCH", $"/repos/{app}", """{"external_id":"42"}""");
        var made = await ada.DoAsync("POST", $"/repos/{app}/trusts", $$"""{"provider":"github",{{Permissions}}}""");
        Assert.Equal("https://token.actions.githubusercontent.com", made["issuer"].GetString());
        Assert.Equal($"{shared.Server.Url.GetLeftPart(UriPartial.Authority)}/{ada.Login}", made["audience"].GetString());
        Assert.Equal(("repository_id", "42"), (made["claim"].GetString(), made["value"].GetString()));
        Assert.Equal((app, ada.Login), (made["repository"].GetString(), made["created_by"].GetString()));
        Assert.Equal("write", made["permissions"].GetProperty("packages").GetString());
        Assert.Equal(made["id"].GetInt64(), Assert.Single((await ada.GetAsync($"/repos/{app}/trusts")).Json.EnumerateArray())
            .GetProperty("id").GetInt64());
        Assert.Equal(
            HttpStatusCode.UnprocessableEntity,
            (await ada.SendAsync("POST", $"/repos/{app}/trusts", $$"""{"provider":"github",{{Permissions}}}""")).Status);
    }

    [Theory]
    [InlineData("\"provider\":\"github\"", "value is missing")]
    [InlineData("\"provider\":\"jenkins\",\"value\":\"1\"", "provider must be one of")]
    [InlineData("\"provider\":\"forgejo\",\"value\":\"1\"", "issuer is missing")]
    [InlineData("\"provider\":\"github\",\"value\":\"1\",\"issuer\":\"http://ci.example.test\"", "must begin with https://")]
    [InlineData("\"provider\":\"github\",\"value\":\"1\",\"issuer\":\"https://a:b@ci.example.test\"", "more than scheme, host and path")]
    [InlineData("\"provider\":\"github\",\"value\":\"1\",\"issuer\":\"https://ci.example.test/?\"", "more than scheme, host and path")]
    [InlineData("\"provider\":\"github\",\"value\":\"1\",\"issuer\":\"ci\"", "is no URL")]
    [InlineData("\"provider\":\"github\",\"value\":\"octo/app\",\"claim\":\"repository\"", "only these ids can be trusted: repository_id")]
    [InlineData("\"provider\":\"gitlab\",\"value\":\"x\",\"claim\":\"sub\"", "only these ids can be trusted: project_id, namespace_id")]
    [InlineData("\"issuer\":\"https://ci.example.test\",\"value\":\"x\",\"claim\":\"sub\"", "sub is a name")]
    [InlineData("\"issuer\":\"https://ci.example.test\",\"value\":\"x\"", "claim is missing")]
    [InlineData("\"provider\":\"github\",\"value\":\"1\",\"ref\":\"main\"", "refs/heads/main")]
    [InlineData("\"provider\":\"github\",\"value\":\"1\",\"ref\":\"refs/*/x\"", "ref must be whole")]
    [InlineData("\"provider\":\"github\",\"value\":\"1\",\"audience\":\"{server}/somebody\"", "audience is somebody else's")]
    [InlineData("\"provider\":\"github\",\"value\":\"1\",\"audience\":\"\"", "audience must not be empty")]
    public async Task What_cannot_be_trusted_is_refused_with_its_reason(string fields, string reason)
    {
        var ada = await shared.Server.UserAsync();
        var app = await ada.RepositoryAsync(ada.Login);
        var server = shared.Server.Url.GetLeftPart(UriPartial.Authority);
        var reply = await ada.SendAsync(
            "POST", $"/repos/{app}/trusts", $$"""{{{fields.Replace("{server}", server, StringComparison.Ordinal)}},{{Permissions}}}""");
        Assert.Equal(HttpStatusCode.UnprocessableEntity, reply.Status);
        Assert.Contains(reason, reply.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Who_lets_others_publish_needs_the_scope_to_publish()
    {
        var ada = await shared.Server.UserAsync();
        var app = await ada.RepositoryAsync(ada.Login);
        var capped = await ada.WithTokenAsync("repo,read:packages");
        var body = $$"""{"provider":"github","value":"1",{{Permissions}}}""";
        Assert.Equal(HttpStatusCode.Forbidden, (await capped.SendAsync("POST", $"/repos/{app}/trusts", body)).Status);
        await capped.DoAsync(
            "POST", $"/repos/{app}/trusts", body.Replace("\"write\"", "\"read\"", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_trust_is_removed_where_it_is_and_nowhere_else()
    {
        var ada = await shared.Server.UserAsync();
        var acme = await ada.OrganizationAsync();
        var (app, other) = (await ada.RepositoryAsync(acme), await ada.RepositoryAsync(acme, "other"));
        var id = (await ada.DoAsync("POST", $"/repos/{app}/trusts", $$"""{"provider":"github","value":"1",{{Permissions}}}"""))["id"]
            .GetInt64();
        Assert.Equal(HttpStatusCode.NotFound, (await ada.SendAsync("DELETE", $"/repos/{other}/trusts/{id}")).Status);
        Assert.Equal(HttpStatusCode.NotFound, (await ada.SendAsync("DELETE", $"/orgs/{acme}/trusts/{id}")).Status);
        await ada.DoAsync("DELETE", $"/repos/{app}/trusts/{id}");
        Assert.Equal(HttpStatusCode.NotFound, (await ada.SendAsync("DELETE", $"/repos/{app}/trusts/{id}")).Status);
    }

    [Fact]
    public async Task The_command_line_adds_lists_and_removes()
    {
        var ada = await shared.Server.UserAsync();
        var acme = await ada.OrganizationAsync();
        var app = await ada.RepositoryAsync(acme);
        using var cli = new CliRun(shared.Server, ada.Token!);
        Assert.Contains(
            "repository_id = 42",
            await cli.DoAsync($"trust add {app} --provider github --value 42 --ref refs/heads/main"), StringComparison.Ordinal);
        Assert.Contains("repository_id=42", await cli.DoAsync($"trust ls {app}"), StringComparison.Ordinal);
        await cli.DoAsync($"trust add {acme} --provider gitlab --issuer https://gitlab.example.test --value 7 --packages read");
        var listed = await cli.DoAsync($"trust ls {acme}");
        Assert.Contains("namespace_id=7", listed, StringComparison.Ordinal);
        await cli.DoAsync($"trust rm {acme} {listed.Split('\n')[1].Split(' ')[0]}");
        Assert.DoesNotContain("namespace_id", await cli.DoAsync($"trust ls {acme}"), StringComparison.Ordinal);
    }
}
