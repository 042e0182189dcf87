using System.Net;
using System.Text;
using System.Text.Json;
using Berth.SystemTests.Fixtures.Tools;
using Berth.Tests.Registries.Ecr;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Berth.SystemTests.Clients;

/// <summary>
/// Runs AWS's own command line against the test server that verifies the signatures of Berth's exchange with ECR. The server accepts the
/// same from both, and refuses a wrong secret key from both.
/// </summary>
public sealed class AwsTests : IAsyncLifetime
{
    private readonly AwsLike _aws = new(TimeProvider.System);
    private WebApplication? _app;

    private string Url => _app!.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single();

    public async ValueTask InitializeAsync()
    {
        Requirement.Program("aws");
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0));
        _app = builder.Build();
        _app.Run(_aws.AnswerAsync);
        await _app.StartAsync();
    }

    public async ValueTask DisposeAsync()
    {
        if (_app is not null)
        {
            await _app.DisposeAsync();
        }
    }

    [Fact]
    public async Task Awss_own_client_gets_logins_for_both_kinds_of_ecr_and_assumes_a_role()
    {
        var ecr = await Aws("eu-west-1").RunAsync("ecr", "get-authorization-token");
        Assert.StartsWith(
            "AWS:token-", Decoded(JsonDocument.Parse(ecr.Text).RootElement.GetProperty("authorizationData")[0]), StringComparison.Ordinal);
        var shared = await Aws("us-east-1").RunAsync("ecr-public", "get-authorization-token");
        Assert.StartsWith(
            "AWS:token-", Decoded(JsonDocument.Parse(shared.Text).RootElement.GetProperty("authorizationData")), StringComparison.Ordinal);
        var role = await Aws("eu-west-1")
            .RunAsync(
                "sts", "assume-role", "--role-arn", AwsLike.Role, "--role-session-name", "berth", "--external-id", AwsLike.ExternalId);
        var keys = JsonDocument.Parse(role.Text).RootElement.GetProperty("Credentials");
        await Aws(
            "eu-west-1", keys.GetProperty("AccessKeyId").GetString()!, keys.GetProperty("SecretAccessKey").GetString()!,
            keys.GetProperty("SessionToken").GetString())
            .RunAsync("ecr", "get-authorization-token");
        Assert.Equal(
            [$"ecr eu-west-1 {AwsLike.KeyId}", $"ecr-public us-east-1 {AwsLike.KeyId}", $"ecr eu-west-1 {AwsLike.TemporaryKeyId}"],
            _aws.Granted);
    }

    [Fact]
    public async Task A_wrong_secret_key_is_refused()
    {
        var refused = await Aws("eu-west-1", secretKey: "wrong").RefusedAsync("ecr", "get-authorization-token");
        Assert.Contains("InvalidSignatureException", refused.Error, StringComparison.Ordinal);
        Assert.Contains(
            "AccessDeniedException", (await Aws("eu-west-1", AwsLike.DeniedKeyId).RefusedAsync("ecr", "get-authorization-token")).Error,
            StringComparison.Ordinal);
        Assert.Empty(_aws.Granted);
    }

    private Command Aws(string region, string keyId = AwsLike.KeyId, string secretKey = AwsLike.SecretKey, string? sessionToken = null)
    {
        var command = new Command("aws", "--endpoint-url", Url, "--region", region, "--output", "json");
        command.Environment["AWS_ACCESS_KEY_ID"] = keyId;
        command.Environment["AWS_SECRET_ACCESS_KEY"] = secretKey;
        command.Environment["AWS_CONFIG_FILE"] = "/dev/null";
        command.Environment["AWS_EC2_METADATA_DISABLED"] = "true";
        command.Environment["AWS_MAX_ATTEMPTS"] = "1";
        command.Environment["AWS_PAGER"] = "";
        command.Environment["NO_PROXY"] = "127.0.0.1";
        if (sessionToken is not null)
        {
            command.Environment["AWS_SESSION_TOKEN"] = sessionToken;
        }

        return command;
    }

    private static string Decoded(JsonElement data) =>
        Encoding.UTF8.GetString(Convert.FromBase64String(data.GetProperty("authorizationToken").GetString()!));
}
