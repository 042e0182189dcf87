using Berth.Server.Oci;
using Berth.Server.Packages.References;

namespace Berth.Tests.Oci;

/// <summary>distribution-spec, "Referrers Tag Schema".</summary>
public sealed class ReferrersTagTests
{
    private static readonly string Hex64 = new('a', 64);

    [Theory]
    [InlineData("sha256-", "")]
    [InlineData("sha256-", ".sig")]
    [InlineData("sha512-", "")]
    [InlineData("sha512-", ".att.json")]
    public void A_tag_of_the_schema_names_what_it_refers_to(string algorithm, string ending)
    {
        Assert.True(ReferrersTag.TrySubject(algorithm + Hex64 + ending, out var subject));
        Assert.Equal(algorithm + Hex64, subject);
        Assert.Equal(subject, ReferrersTag.Of(algorithm[..^1] + ":" + Hex64 + (algorithm == "sha512-" ? new string('b', 64) : "")));
    }

    [Fact]
    public void Every_other_tag_is_one_that_somebody_gave()
    {
        foreach (var tag in new[]
        {
            "latest", "sha256-1", "sha256-" + Hex64[1..], "sha256-" + Hex64 + "a", "sha384-" + Hex64, "sha256-" + Hex64[1..] + "G", "-", "",
            "v1-" + Hex64, "sha256-" + Hex64 + "-sig",
        })
        {
            Assert.False(ReferrersTag.Is(tag), tag);
        }
    }

    /// <summary>The schema shortens long digests, so a signature of such an image is found by the beginning of its name.</summary>
    [Fact]
    public void A_signature_of_a_long_digest_is_held_by_its_image()
    {
        var image = new VersionNode { Id = 1, Name = $"sha512:{Hex64}{new string('b', 64)}", Tags = ["v1"] };
        var signature = new VersionNode { Id = 2, Name = $"sha256:{new string('c', 64)}", Tags = [$"sha512-{Hex64}.sig"] };
        var graph = new VersionGraph([image, signature]);
        Assert.Equal([image], graph.Holders(signature));
        Assert.Empty(graph.Tags(signature));
    }
}
