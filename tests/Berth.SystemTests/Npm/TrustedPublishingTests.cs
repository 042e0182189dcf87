using System.Net.Http.Json;
using System.Text.Json;
using System.Text.Json.Nodes;
using Berth.SystemTests.Fixtures.Clients;
using Berth.SystemTests.Fixtures.Server;
using Berth.SystemTests.Fixtures.Tools;
using Berth.Tests.Trusts;

namespace Berth.SystemTests.Npm;

/// <summary>npm in a CI job without a token. It asks its CI system for an ID token, and exchanges that with Berth.</summary>
public sealed class TrustedPublishingTests
{
    private const string RequestToken = "the-token-of-the-runner";

    [Fact]
    public async Task A_job_publishes_without_a_token()
    {
        using var folder = new TemporaryFolder();
        await using var issuer = await TestIssuer.StartAsync();
        await using var server = await ServerProcess.StartAsync("trusted-publishing", null, "BERTH_ALLOWED_NETWORKS=127.0.0.1");
        var ada = await server.UserAsync("ada");
        var acme = await ada.OrganizationAsync("acme");
        using var api = ada.Api();
        await Accounts.PostAsync(api, $"/api/v3/orgs/{acme}/repos", new { name = "app", visibility = "private" });
        await Accounts.PostAsync(
            api, $"/api/v3/repos/{acme}/app/trusts",
            new
            {
                provider = "github",
                issuer = issuer.Url,
                audience = "npm:localhost",
                value = "4321",
                permissions = new { packages = "write" },
            });
        issuer.Instead = async http =>
        {
            if (http.Request.Path != "/id-token")
            {
                return false;
            }

            Assert.Equal($"Bearer {RequestToken}", http.Request.Headers.Authorization.ToString());
            var value = issuer.Sign(Claims(issuer.Url, http.Request.Query["audience"].ToString()));
            await Microsoft.AspNetCore.Http.HttpResponseJsonExtensions.WriteAsJsonAsync(
                http.Response, new JsonObject { ["value"] = value }, http.RequestAborted);
            return true;
        };

        // npm sends the ID token only if the registry below a path is also its default, so publishConfig sets it.
        var job = new NpmClient(folder, server, "job", acme, token: null);
        var publishTo = new JsonObject { ["registry"] = job.Registry };
        var npm = job.Npm(job.Package($"@{acme}/lib", "1.0.0", new JsonObject { ["publishConfig"] = publishTo }));
        npm.Environment["GITHUB_ACTIONS"] = "true";
        npm.Environment["ACTIONS_ID_TOKEN_REQUEST_URL"] = issuer.Url + "/id-token?api-version=2";
        npm.Environment["ACTIONS_ID_TOKEN_REQUEST_TOKEN"] = RequestToken;
        await npm.RunAsync("publish", "--loglevel", "verbose");

        var package = await api.GetFromJsonAsync<JsonElement>(
            $"/api/v3/orgs/{acme}/packages/npm/lib", TestContext.Current.CancellationToken);
        Assert.Equal($"{acme}/app", package.GetProperty("repository").GetProperty("full_name").GetString());
    }

    private static JsonObject Claims(string issuer, string audience)
    {
        var now = TimeProvider.System.GetUtcNow().ToUnixTimeSeconds();
        return new JsonObject
        {
            ["iss"] = issuer,
            ["aud"] = audience,
            ["sub"] = "repo:octo/app:ref:refs/heads/main",
            ["jti"] = Accounts.Unique("jti"),
            ["iat"] = now,
            ["nbf"] = now - 600,
            ["exp"] = now + 300,
            ["repository"] = "octo/app",
            ["repository_id"] = "4321",
            ["repository_owner_id"] = "77",
            ["run_id"] = "4711",
            ["sha"] = "0123456789abcdef0123456789abcdef01234567",
            ["ref"] = "refs/heads/main",
            ["event_name"] = "push",
        };
    }
}
