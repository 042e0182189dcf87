using System.Text.Json.Nodes;
using Berth.SystemTests.Fixtures.Server;
using Berth.SystemTests.Fixtures.Tools;
using Berth.Tests.Trusts;

namespace Berth.SystemTests.Clients;

/// <summary>docker in a CI job. The ID token of the job is the password, which docker sends with every call.</summary>
public sealed class IdTokenLoginTests : IDisposable
{
    private const string RepositoryId = "4711";
    private readonly TemporaryFolder _folder = new();

    [Fact]
    public async Task Docker_signs_in_with_the_ID_token_of_a_job_and_publishes_as_its_workflow()
    {
        Requirement.Program("docker");
        await using var issuer = await TestIssuer.StartAsync();
        await using var server = await ServerProcess.StartAsync("id-token", null, "BERTH_ALLOWED_NETWORKS=127.0.0.1");
        var ada = await server.UserAsync("ada");
        var acme = await ada.OrganizationAsync("acme");
        using var api = ada.Api();
        await Accounts.PostAsync(api, $"/api/v3/orgs/{acme}/repos", new { name = "app", visibility = "private" });
        var audience = $"{server.Url.GetLeftPart(UriPartial.Authority)}/{acme}";
        await Accounts.PostAsync(api, $"/api/v3/repos/{acme}/app/trusts", new
        {
            provider = "github",
            issuer = issuer.Url,
            audience,
            value = RepositoryId,
            @ref = "refs/heads/main",
            permissions = new { packages = "write" },
        });

        var docker = new Command("docker") { Environment = { ["DOCKER_CONFIG"] = _folder.Create("job") } };
        Requirement.That((await docker.TryAsync(null, "version")).ExitCode == 0, "no container engine answers");
        var name = $"{server.Host}/{acme}/app:1";
        try
        {
            // The ref is not trusted, or the token is for another server.
            foreach (var claims in new[] { Claims(issuer, audience, "refs/heads/other"), Claims(issuer, "https://elsewhere.test/acme") })
            {
                var refused = await docker.TryAsync(issuer.Sign(claims), "login", server.Host, "-u", "oidc", "--password-stdin");
                Assert.NotEqual(0, refused.ExitCode);
                Assert.Contains("unauthorized", refused.Error, StringComparison.OrdinalIgnoreCase);
            }

            var token = issuer.Sign(Claims(issuer, audience));
            await docker.RunWithInputAsync(token, "login", server.Host, "-u", "oidc", "--password-stdin");
            await docker.RunAsync("import", await BaseImage.ArchiveAsync(), name);
            await docker.RunAsync("push", name);
            await docker.RunAsync("rmi", "--force", name);
            await docker.RunAsync("pull", "--quiet", name);

            // The workflow may not publish here.
            await docker.RunAsync("tag", name, $"{server.Host}/{ada.Login}/app:1");
            Assert.Contains(
                "denied", (await docker.RefusedAsync("push", $"{server.Host}/{ada.Login}/app:1")).Error, StringComparison.Ordinal);
        }
        finally
        {
            await docker.TryAsync(null, "rmi", "--force", name, $"{server.Host}/{ada.Login}/app:1");
        }

        // The first publish by a workflow is linked, inherits, and is as visible as the repository.
        var package = JsonNode.Parse(await api.GetStringAsync(
            new Uri($"/api/v3/orgs/{acme}/packages/container/app", UriKind.Relative), TestContext.Current.CancellationToken))!;
        Assert.Equal($"{acme}/app", package["repository"]!["full_name"]!.GetValue<string>());
        Assert.Equal("private", package["visibility"]!.GetValue<string>());
    }

    public void Dispose() => _folder.Dispose();

    /// <summary>GitHub's claims about a job, valid for five minutes.</summary>
    private static JsonObject Claims(TestIssuer issuer, string audience, string gitRef = "refs/heads/main")
    {
        var now = TimeProvider.System.GetUtcNow().ToUnixTimeSeconds();
        return new JsonObject
        {
            ["iss"] = issuer.Url,
            ["aud"] = audience,
            ["sub"] = $"repo:octo/app:ref:{gitRef}",
            ["jti"] = Accounts.Unique("jti"),
            ["iat"] = now,
            ["nbf"] = now - 60,
            ["exp"] = now + 300,
            ["repository_id"] = RepositoryId,
            ["repository_owner_id"] = "77",
            ["run_id"] = "1234",
            ["sha"] = "0123456789abcdef0123456789abcdef01234567",
            ["ref"] = gitRef,
            ["event_name"] = "push",
        };
    }
}
