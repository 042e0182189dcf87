using Berth.Server.Registries.Ecr;

namespace Berth.Tests.Registries;

/// <summary>
/// Known answers: the POST cases of AWS's published Signature Version 4 test suite (host example.amazonaws.com, us-east-1, service
/// "service").
/// </summary>
public sealed class SignatureV4Tests
{
    private static readonly AwsKeyPair Keys = new("AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY");
    private static readonly DateTimeOffset Time = new(2015, 8, 30, 12, 36, 0, TimeSpan.Zero);

    [Fact]
    public void Post_vanilla()
    {
        var added = Sign(new Dictionary<string, string>(), []);
        Assert.Equal("20150830T123600Z", added["X-Amz-Date"]);
        Assert.Equal(
            "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, SignedHeaders=host;x-amz-date, "
            + "Signature=5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b",
            added["Authorization"]);
    }

    [Fact]
    public void Post_header_key_sort()
    {
        var added = Sign(new Dictionary<string, string> { ["My-Header1"] = "value1" }, []);
        Assert.EndsWith(
            "SignedHeaders=host;my-header1;x-amz-date, Signature=c5410059b04c1ee005303aed430f6e6645f61f4dc9e1461ec8f8916fdf18852c",
            added["Authorization"], StringComparison.Ordinal);
    }

    [Fact]
    public void Post_x_www_form_urlencoded()
    {
        var added = Sign(new Dictionary<string, string> { ["Content-Type"] = "application/x-www-form-urlencoded" }, "Param1=value1"u8);
        Assert.EndsWith(
            "Signature=ff11897932ad3f4e8b18135d722051e5ac45fc38421b1da7b9d196a0fe09473a", added["Authorization"], StringComparison.Ordinal);
    }

    [Fact]
    public void A_session_token_is_signed_too()
    {
        var added = SignatureV4.Sign(
            new Uri("https://example.amazonaws.com"), new Dictionary<string, string>(), [], Keys with { SessionToken = "t" }, "us-east-1",
            "service", Time);
        Assert.Equal("t", added["X-Amz-Security-Token"]);
        Assert.Contains("SignedHeaders=host;x-amz-date;x-amz-security-token,", added["Authorization"], StringComparison.Ordinal);
    }

    private static Dictionary<string, string> Sign(Dictionary<string, string> headers, ReadOnlySpan<byte> body) =>
        SignatureV4.Sign(new Uri("https://example.amazonaws.com"), headers, body, Keys, "us-east-1", "service", Time);
}
