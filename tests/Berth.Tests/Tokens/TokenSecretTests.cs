using System.Net;
using Berth.Server.Authentication;
using Berth.Tests.TestServer;

namespace Berth.Tests.Tokens;

/// <summary>The form of a token, as people and secret scanners see it.</summary>
public sealed class TokenSecretTests(SharedServer shared)
{
    [Theory]
    [InlineData(TokenSecret.Personal)]
    [InlineData(TokenSecret.Workflow)]
    [InlineData(TokenSecret.Codespace)]
    public void A_token_is_its_kind_49_letters_and_digits_and_fits_its_checksum(string prefix)
    {
        var token = TokenSecret.Create(prefix);
        Assert.Matches("^berth[pwc]_[0-9A-Za-z]{49}$", token);
        Assert.StartsWith(prefix, token, StringComparison.Ordinal);
        Assert.Equal(token[^6..], TokenSecret.Checksum(token[..^6]));
        Assert.False(TokenSecret.IsMistyped(token));
        Assert.NotEqual(token, TokenSecret.Create(prefix));
    }

    [Theory]
    // Python: zlib.crc32(b"123456789") is 0xcbf43926, the check value of the catalogue of CRCs.
    [InlineData("123456789", "3jZRME")]
    [InlineData("", "000000")]
    public void The_checksum_is_the_one_that_every_language_has(string text, string checksum) =>
        Assert.Equal(checksum, TokenSecret.Checksum(text));

    [Fact]
    public async Task Who_mistypes_a_token_is_told_so()
    {
        var made = TokenSecret.Create(TokenSecret.Personal);
        var mistyped = made[..20] + (made[20] == 'a' ? 'b' : 'a') + made[21..];
        var reply = await new Person(shared.Server, "", mistyped).GetAsync("/user");
        Assert.Equal(HttpStatusCode.Unauthorized, reply.Status);
        Assert.Contains("its checksum does not fit", reply.Body, StringComparison.Ordinal);
        Assert.Contains(
            "never issued by this server", (await new Person(shared.Server, "", made).GetAsync("/user")).Body, StringComparison.Ordinal);
    }

    [Fact]
    public void A_token_from_before_the_checksum_is_not_taken_for_a_mistyped_one() =>
        Assert.False(TokenSecret.IsMistyped("berthp_" + new string('-', 43)));
}
