using Berth.Server.Faults;
using Berth.Server.Registries;
using Berth.Server.Registries.Ecr;
using Berth.Tests.Registries.Remote;

namespace Berth.Tests.Registries.Ecr;

/// <summary>The exchange of access keys for ECR's logins, with a server that verifies every signature.</summary>
public sealed class EcrTokensTests : IAsyncLifetime
{
    private const string Host = "123456789012.dkr.ecr.eu-west-1.amazonaws.com";
    private TestInternet? _internet;
    private AwsLike? _aws;

    private TestInternet Internet => _internet!;

    private AwsLike Aws => _aws!;

    public async ValueTask InitializeAsync()
    {
        _internet = await TestInternet.StartAsync();
        _aws = new AwsLike(_internet.Clock);
    }

    public async ValueTask DisposeAsync() => await Internet.DisposeAsync();

    [Theory]
    [InlineData(Host, "api.ecr.eu-west-1.amazonaws.com", "ecr eu-west-1")]
    [InlineData("123456789012.dkr.ecr-fips.us-gov-west-1.amazonaws.com", "ecr-fips.us-gov-west-1.amazonaws.com", "ecr us-gov-west-1")]
    [InlineData("123456789012.dkr.ecr.cn-north-1.amazonaws.com.cn", "api.ecr.cn-north-1.amazonaws.com.cn", "ecr cn-north-1")]
    [InlineData("123456789012.dkr-ecr.eu-central-1.on.aws", "ecr.eu-central-1.api.aws", "ecr eu-central-1")]
    [InlineData("123456789012.dkr-ecr-fips.us-east-1.on.aws", "ecr-fips.us-east-1.api.aws", "ecr us-east-1")]
    [InlineData(
        "123456789012.dkr-ecr.cn-north-1.on.amazonwebservices.com.cn", "ecr.cn-north-1.api.amazonwebservices.com.cn", "ecr cn-north-1")]
    [InlineData("public.ecr.aws", "api.ecr-public.us-east-1.amazonaws.com", "ecr-public us-east-1")]
    public async Task A_key_pair_is_exchanged_where_the_registrys_region_does_it(string host, string endpoint, string granted)
    {
        Internet.Serve(endpoint, Aws.AnswerAsync);
        var login = await LoginAsync(Tokens(), Set(), host);
        Assert.Equal(("AWS", "token-1", Internet.Clock.GetUtcNow().AddHours(12)), (login.User, login.Password, login.ExpiresAt));
        Assert.Equal([$"{granted} {AwsLike.KeyId}"], Aws.Granted);
    }

    [Fact]
    public async Task The_user_AWS_has_a_token_already()
    {
        var login = await LoginAsync(Tokens(), Set() with { User = "AWS", Password = "a-token" });
        Assert.Equal(("AWS", "a-token", null), (login.User, login.Password, login.ExpiresAt));
        Assert.Empty(Internet.Requests);
    }

    [Fact]
    public async Task A_login_is_remembered_to_half_of_its_life_and_used_to_its_end_when_aws_is_away()
    {
        Internet.Serve("api.ecr.eu-west-1.amazonaws.com", Aws.AnswerAsync);
        var tokens = Tokens();
        Assert.Equal("token-1", (await LoginAsync(tokens, Set())).Password);
        Internet.Clock.Advance(TimeSpan.FromHours(5.9));
        var known = await LoginAsync(tokens, Set());
        Assert.Equal(("token-1", Internet.Clock.GetUtcNow().AddHours(0.1)), (known.Password, known.RefreshAt));
        Internet.Clock.Advance(TimeSpan.FromHours(0.2));
        Assert.Equal("token-2", (await LoginAsync(tokens, Set())).Password);
        Aws.Down = true;
        Internet.Clock.Advance(TimeSpan.FromHours(11));
        Assert.Equal("token-2", (await LoginAsync(tokens, Set())).Password);
        Internet.Clock.Advance(TimeSpan.FromHours(2));
        await Assert.ThrowsAsync<FaultException>(() => LoginAsync(tokens, Set()));
        Aws.Down = false;
        Assert.Equal("token-3", (await LoginAsync(tokens, Set())).Password);
    }

    [Fact]
    public async Task A_remembered_login_belongs_to_the_secret_key_that_got_it()
    {
        Internet.Serve("api.ecr.eu-west-1.amazonaws.com", Aws.AnswerAsync);
        var tokens = Tokens();
        await LoginAsync(tokens, Set());
        await Assert.ThrowsAsync<FaultException>(() => LoginAsync(tokens, Set() with { Password = "another" }));
        Assert.Equal("token-2", (await LoginAsync(tokens, Set() with { Version = "2" })).Password);
        Assert.Equal("token-3", (await LoginAsync(tokens, Set(), "210987654321.dkr.ecr.eu-west-1.amazonaws.com")).Password);
    }

    [Fact]
    public async Task A_role_is_assumed_where_one_is_named()
    {
        Internet.Serve("sts.eu-west-1.amazonaws.com", Aws.AnswerAsync);
        Internet.Serve("api.ecr.eu-west-1.amazonaws.com", Aws.AnswerAsync);
        await LoginAsync(Tokens(), Set() with { RoleArn = AwsLike.Role, ExternalId = AwsLike.ExternalId });
        Assert.Equal([$"ecr eu-west-1 {AwsLike.TemporaryKeyId}"], Aws.Granted);
        var refused = await Assert.ThrowsAsync<FaultException>(
            () => LoginAsync(Tokens(), Set() with { RoleArn = "arn:aws:iam::123456789012:role/other" }));
        Assert.Equal(
            $"AWS did not let {AwsLike.KeyId} assume arn:aws:iam::123456789012:role/other: not authorized to perform: sts:AssumeRole; the "
                + "role's trust policy must name it, and it needs sts:AssumeRole",
            refused.Message);
    }

    [Theory]
    [InlineData(
        Host, AwsLike.DeniedKeyId, AwsLike.SecretKey,
        "it needs ecr:GetAuthorizationToken, which the managed policies AmazonEC2ContainerRegistryReadOnly, …PowerUser or …FullAccess "
            + "hold")]
    [InlineData(
        "public.ecr.aws", AwsLike.DeniedKeyId, AwsLike.SecretKey,
        "it needs ecr-public:GetAuthorizationToken and sts:GetServiceBearerToken, which the managed policies "
            + "AmazonElasticContainerRegistryPublicReadOnly or …PublicPowerUser hold")]
    [InlineData(Host, "AKIAUNKNOWN", "x", "AWS does not know the access key AKIAUNKNOWN")]
    [InlineData(Host, AwsLike.KeyId, "wrong", "does not belong to the access key id (…_USER), or this server's clock is off")]
    public async Task A_refusal_names_what_is_missing(string host, string keyId, string secret, string words)
    {
        Internet.Serve("api.ecr.eu-west-1.amazonaws.com", Aws.AnswerAsync);
        Internet.Serve("api.ecr-public.us-east-1.amazonaws.com", Aws.AnswerAsync);
        var refused = await Assert.ThrowsAsync<FaultException>(
            () => LoginAsync(Tokens(), Set() with { User = keyId, Password = secret }, host));
        Assert.Contains(words, refused.Message, StringComparison.Ordinal);
        Assert.DoesNotContain(AwsLike.SecretKey, refused.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("")]
    [InlineData("<html>")]
    [InlineData("{}")]
    [InlineData("""{"authorizationData":[]}""")]
    [InlineData("""{"authorizationData":[{"authorizationToken":"!","expiresAt":1}]}""")]
    [InlineData("""{"authorizationData":[{"authorizationToken":"QVdT","expiresAt":1}]}""")]
    [InlineData("""{"authorizationData":[{"authorizationToken":"QVdTOng=","expiresAt":1e300}]}""")]
    public async Task What_is_no_token_is_said_to_be_none(string body)
    {
        Internet.Serve(
            "api.ecr.eu-west-1.amazonaws.com", http => http.Response.Body.WriteAsync(System.Text.Encoding.UTF8.GetBytes(body)).AsTask());
        await Assert.ThrowsAsync<FaultException>(() => LoginAsync(Tokens(), Set()));
    }

    [Fact]
    public async Task An_aws_that_cannot_be_reached_is_said_to_be_that() =>
        Assert.StartsWith(
            "AWS (ecr in eu-west-1) cannot be reached",
            (await Assert.ThrowsAsync<FaultException>(() => LoginAsync(Tokens(), Set()))).Message, StringComparison.Ordinal);

    [Fact]
    public void A_token_or_a_name_that_will_disappoint_is_advised_against()
    {
        Assert.True(RegistryServer.TryParse(Host, out var server, out _));
        var advice = ExchangeLogin.Advice(Set() with { Prefix = "AWS", User = "AWS", Server = server }).ToList();
        Assert.Contains(
            advice,
            line => line.Contains("lives 12 hours", StringComparison.Ordinal)
                && line.Contains("access key pair", StringComparison.Ordinal));
        Assert.Contains(advice, line => line.Contains("name the set ECR_…", StringComparison.Ordinal));
        Assert.Empty(ExchangeLogin.Advice(Set() with { Server = server }));
    }

    private static Task<RegistryLogin> LoginAsync(EcrTokens tokens, LoginSecrets set, string host = Host) =>
        tokens.LoginAsync(set, EcrHost.Of(host)!, TestContext.Current.CancellationToken);

    private EcrTokens Tokens() => new(Internet.Http(), new RegistryLoginOptions(), Internet.Clock);

    private static LoginSecrets Set() => new()
    {
        Prefix = "ECR",
        Level = SecretLevel.Organization,
        Server = RegistryServer.TryParse(Host, out var server, out var fault) ? server : throw new InvalidOperationException(fault),
        User = AwsLike.KeyId,
        Password = AwsLike.SecretKey,
        Version = "1",
    };
}
