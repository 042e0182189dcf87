using Berth.Server.Oci;

namespace Berth.Tests.Storage;

public sealed class DigestTests
{
    [Theory]
    [InlineData("sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855", true)]
    [InlineData("sha256:E3B0C44298FC1C149AFBF4C8996FB92427AE41E4649B934CA495991B7852B855", false)]
    [InlineData("sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b85", false)]
    [InlineData("sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b85g", false)]
    [InlineData("SHA256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855", false)]
    [InlineData("sha512:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855", false)]
    [InlineData("sha384:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855", false)]
    [InlineData("sha256:", false)]
    [InlineData("", false)]
    [InlineData(null, false)]
    public void A_digest_is_an_algorithm_and_its_hexadecimal_digits_in_lower_case(string? text, bool valid)
    {
        Assert.Equal(valid, Digest.TryParse(text, out var digest));
        Assert.Equal(valid ? text : null, digest?.ToString());
    }

    [Fact]
    public void Digests_of_the_empty_content_are_the_known_ones()
    {
        Assert.Equal("sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855", Digest.OfContent(Digest.Sha256, []).Value);
        Assert.Equal(
            "sha512:cf83e1357eefb8bdf1542850d66d8007d620e4050b5715dc83f4a921d36ce9ce"
                + "47d0d13c5d85f2b0ff8318d2877eec2f63b931bd47417a81a538327af927da3e",
            Digest.OfContent(Digest.Sha512, []).Value);
    }
}
