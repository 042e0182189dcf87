using Berth.Server.Oci;

namespace Berth.Tests.Oci;

/// <summary>distribution-spec, "Pulling manifests"; image-spec descriptor.md, "Digests".</summary>
public sealed class GrammarTests
{
    private static readonly string Hex64 = new('a', 64);

    [Theory]
    [InlineData("1")]
    [InlineData("_x.Y-z")]
    public void A_tag_is_read(string text)
    {
        Assert.True(Tag.TryParse(text, out var tag));
        Assert.Equal(text, tag.Value);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData(".a")]
    [InlineData("-a")]
    [InlineData("a b")]
    [InlineData("a\n")]
    [InlineData("a/b")]
    [InlineData("a:b")]
    [InlineData("é")]
    public void What_is_no_tag_is_refused(string? text) => Assert.False(Tag.TryParse(text, out _));

    [Fact]
    public void A_tag_has_at_most_128_characters()
    {
        Assert.True(Tag.TryParse(new string('a', 128), out _));
        Assert.False(Tag.TryParse(new string('a', 129), out _));
    }

    [Fact]
    public void A_digest_is_of_a_registered_algorithm_and_in_lower_case()
    {
        Assert.True(Digest.TryParse("sha256:" + Hex64, out _));
        Assert.True(Digest.TryParse("sha512:" + Hex64 + Hex64, out _));
        Assert.False(Digest.TryParse("sha256:" + Hex64.ToUpperInvariant(), out _));
        Assert.False(Digest.TryParse("sha256:" + Hex64[1..], out _));
        Assert.False(Digest.TryParse("sha384:" + Hex64, out _));
        Assert.False(Digest.TryParse("sha256:" + Hex64 + "\n", out _));
    }

    [Fact]
    public void A_reference_with_a_colon_is_a_digest_or_nothing()
    {
        Assert.True(Reference.TryParse("sha256:" + Hex64, out var digest));
        Assert.Equal(("sha256:" + Hex64, null), (digest.Digest!.Value, digest.Tag));
        Assert.True(Reference.TryParse("latest", out var tag));
        Assert.Equal((null, "latest"), (tag.Digest, tag.Tag!.Value));
        Assert.False(Reference.TryParse("sha256:1", out _));
    }

    [Theory]
    [InlineData("app")]
    [InlineData("acme/app")]
    [InlineData("a__b/c.d/e---f")]
    public void A_path_is_read(string text) => Assert.True(ImagePath.TryParse(text, out _));

    [Theory]
    [InlineData("")]
    [InlineData("/app")]
    [InlineData("app/")]
    [InlineData("a//b")]
    [InlineData("A/b")]
    [InlineData("a/../b")]
    [InlineData("a___b")]
    [InlineData("a/b\n")]
    public void What_is_no_path_is_refused(string text) => Assert.False(ImagePath.TryParse(text, out _));

    [Fact]
    public void A_path_has_at_most_255_characters()
    {
        Assert.True(ImagePath.TryParse(new string('a', 255), out _));
        Assert.False(ImagePath.TryParse(new string('a', 256), out _));
    }

    [Fact]
    public void An_image_of_Berth_has_an_owner()
    {
        Assert.True(ImageName.TryParse("acme/tools/ci", out var name));
        Assert.Equal(("acme", "tools/ci"), (name.Owner, name.Package));
        Assert.False(ImageName.TryParse("app", out _));
    }

    [Theory]
    [InlineData("linux/arm64", "linux/arm64", true)]
    [InlineData("linux/arm64/v8", "linux/arm64", true)]
    [InlineData("linux/arm/v7", "linux/arm/v6", false)]
    [InlineData("linux/amd64", "linux/arm64", false)]
    [InlineData("windows/amd64", "linux/amd64", false)]
    public void An_image_runs_on_its_system_and_processor(string image, string host, bool runs) =>
        Assert.Equal(runs, Platform.Parse(image)!.RunsOn(Platform.Parse(host)!));
}
