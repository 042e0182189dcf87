using Berth.Server.Registries.Ecr;

namespace Berth.Tests.Registries;

public sealed class EcrHostTests
{
    [Theory]
    [InlineData("123456789012.dkr.ecr.eu-west-1.amazonaws.com", "eu-west-1", "https://api.ecr.eu-west-1.amazonaws.com/")]
    [InlineData("123456789012.dkr.ecr-fips.us-gov-west-1.amazonaws.com", "us-gov-west-1", "https://ecr-fips.us-gov-west-1.amazonaws.com/")]
    [InlineData("123456789012.dkr.ecr.cn-north-1.amazonaws.com.cn", "cn-north-1", "https://api.ecr.cn-north-1.amazonaws.com.cn/")]
    [InlineData("123456789012.dkr-ecr.eu-central-1.on.aws", "eu-central-1", "https://ecr.eu-central-1.api.aws/")]
    [InlineData("123456789012.dkr-ecr-fips.us-east-1.on.aws", "us-east-1", "https://ecr-fips.us-east-1.api.aws/")]
    [InlineData(
        "123456789012.dkr-ecr.cn-north-1.on.amazonwebservices.com.cn", "cn-north-1",
        "https://ecr.cn-north-1.api.amazonwebservices.com.cn/")]
    [InlineData("public.ecr.aws", "us-east-1", "https://api.ecr-public.us-east-1.amazonaws.com/")]
    public void An_ecr_host_says_where_its_tokens_come_from(string host, string region, string endpoint)
    {
        var ecr = EcrHost.Of(host)!;
        Assert.Equal((region, endpoint), (ecr.Region, ecr.Endpoint.ToString()));
    }

    [Theory]
    [InlineData("ghcr.io")]
    [InlineData("12345.dkr.ecr.eu-west-1.amazonaws.com")]
    [InlineData("123456789012.dkr.ecr.eu-west-1.amazonaws.com.evil.org")]
    [InlineData("evil.123456789012.dkr.ecr.eu-west-1.amazonaws.com")]
    [InlineData("123456789012.dkr.ecr.eu-west-1.evil.com")]
    [InlineData("123456789012.dkr.ecr.evil.org/x.amazonaws.com")]
    public void Other_hosts_are_none(string host) => Assert.Null(EcrHost.Of(host));
}
