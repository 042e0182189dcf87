using System.Text;
using Berth.Server.Oci;

namespace Berth.Tests.Oci;

/// <summary>The same bytes, read strictly (to be stored) and leniently (from another registry).</summary>
public sealed class ManifestReaderTests
{
    private const string A = "sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
    private const string B = "sha256:bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb";

    private const string Image = $$$"""
        {"schemaVersion":2,"mediaType":"{{{MediaTypes.OciManifest}}}",
         "config":{"mediaType":"{{{MediaTypes.OciConfig}}}","digest":"{{{A}}}","size":2},
         "layers":[{"mediaType":"application/vnd.oci.image.layer.v1.tar+gzip","digest":"{{{B}}}","size":40}],
         "annotations":{"org.opencontainers.image.source":"https://git.example/acme/app"}}
        """;

    private const string Index = $$$"""
        {"schemaVersion":2,"mediaType":"{{{MediaTypes.OciIndex}}}","manifests":[
         {"mediaType":"{{{MediaTypes.OciManifest}}}","digest":"{{{A}}}","size":2,"platform":{"os":"linux","architecture":"amd64"}},
         {"mediaType":"{{{MediaTypes.OciManifest}}}","digest":"{{{B}}}","size":3,"platform":{"os":"unknown","architecture":"unknown"}}]}
        """;

    [Fact]
    public void Both_modes_read_a_good_image_alike()
    {
        Assert.True(Strict(Image, MediaTypes.OciManifest, out var strict, out _));
        Assert.True(Lenient(Image, MediaTypes.OciManifest, out var lenient, out _));
        foreach (var manifest in new[] { strict!, lenient! })
        {
            Assert.Equal((false, A, 42L, "https://git.example/acme/app"),
                (manifest.IsIndex, manifest.ImageConfig!.Value, manifest.Size, manifest.Source));
            Assert.Equal([B, A], manifest.Blobs.Keys.Select(digest => digest.Value));
            Assert.Empty(manifest.Children);
        }
    }

    [Fact]
    public void Both_modes_read_a_good_index_alike()
    {
        Assert.True(Strict(Index, MediaTypes.OciIndex, out var strict, out _));
        Assert.True(Lenient(Index, MediaTypes.OciIndex, out var lenient, out _));
        foreach (var manifest in new[] { strict!, lenient! })
        {
            Assert.Equal([A, B], manifest.Children.Keys.Select(digest => digest.Value));
            Assert.Equal(["linux/amd64"], manifest.Platforms.Select(platform => platform.ToString()));
            Assert.Equal(A, manifest.Choose(Platform.Parse("linux/amd64"))!.Digest.Value);
            Assert.Null(manifest.Choose(Platform.Parse("linux/arm64")));
        }
    }

    [Theory]
    [InlineData("""{"schemaVersion":2,"schemaVersion":2}""", "it is not acceptable JSON: ")]
    [InlineData("""{"schemaVersion":2,"annotations":{"a":"\ud800"}}""", "a string in it is not valid Unicode")]
    [InlineData("""{"schemaVersion":2,"\ud800":1,"\udc00":1}""", "a string in it is not valid Unicode")]
    [InlineData("""[]""", "it is not a JSON object")]
    [InlineData("""{"schemaVersion":3}""", "schemaVersion must be 2")]
    [InlineData("""{"schemaVersion":2}""", "config is missing")]
    [InlineData(
        """{"schemaVersion":2,"config":{"mediaType":"x","digest":"sha256:1","size":1},"layers":[]}""",
        "config.digest is missing or wrong: a digest is")]
    [InlineData("""{"schemaVersion":2,"config":[],"layers":[]}""", "config must be a descriptor")]
    [InlineData("""{"schemaVersion":2,"manifests":[]}""", "an image manifest has no member manifests")]
    public void What_is_to_be_stored_is_refused_with_the_reason(string text, string reason)
    {
        Assert.False(Strict(text, MediaTypes.OciManifest, out _, out var wrong));
        Assert.StartsWith(reason, wrong, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("application/json")]
    [InlineData("application/vnd.docker.distribution.manifest.v1+prettyjws")]
    [InlineData(null)]
    public void Schema_1_is_called_by_its_name_whatever_it_is_sent_as(string? contentType)
    {
        Assert.False(Strict("""{"schemaVersion":1,"name":"a/b","fsLayers":[]}""", contentType, out _, out var wrong));
        Assert.StartsWith("Docker's schema 1 is not supported", wrong, StringComparison.Ordinal);
    }

    [Fact]
    public void What_is_no_manifest_by_its_type_is_told_so_before_its_syntax()
    {
        Assert.False(Strict("<html>", "text/html", out _, out var wrong));
        Assert.StartsWith("text/html is not a manifest's media type", wrong, StringComparison.Ordinal);
    }

    [Fact]
    public void A_digest_has_one_size()
    {
        var text = Image.Replace(B, A, StringComparison.Ordinal);
        Assert.False(Strict(text, MediaTypes.OciManifest, out _, out var wrong));
        Assert.StartsWith($"{A} is given two sizes, ", wrong, StringComparison.Ordinal);
        Assert.True(Lenient(text, MediaTypes.OciManifest, out _, out _));
    }

    [Fact]
    public void What_another_registry_answers_is_read_as_far_as_it_goes()
    {
        const string Text = $$$"""
            {"schemaVersion":2,"schemaVersion":2,"config":7,"layers":[
             {"mediaType":"x","digest":"sha256:no","size":1},{"digest":"{{{A}}}","size":-5},{"mediaType":5,"digest":"{{{B}}}","size":9223372036854775807},
             {"mediaType":"y","digest":"{{{B}}}","size":9223372036854775807},null]}
            """;
        Assert.True(Lenient(Text, "text/plain", out var manifest, out _));
        Assert.Null(manifest!.Config);
        Assert.Equal([(A, 0L), (B, long.MaxValue), (B, long.MaxValue)], manifest.Layers.Select(layer => (layer.Digest.Value, layer.Size)));
        Assert.Equal(long.MaxValue, manifest.Size);
    }

    [Theory]
    [InlineData("<html>")]
    [InlineData("[]")]
    [InlineData("""{"a":"\ud800"}""")]
    [InlineData("")]
    public void What_is_no_JSON_object_is_no_manifest_of_another_registry(string text) =>
        Assert.False(Lenient(text, MediaTypes.OciManifest, out _, out _));

    [Fact]
    public void An_answer_without_a_type_is_what_its_content_says()
    {
        Assert.True(Lenient(Index.Replace($"\"mediaType\":\"{MediaTypes.OciIndex}\",", "", StringComparison.Ordinal), "", out var manifest,
            out _));
        Assert.True(manifest!.IsIndex);
    }

    [Fact]
    public void A_configuration_states_platform_and_source()
    {
        var read = ImageConfiguration.Read(Encoding.UTF8.GetBytes(
            """{"os":"linux","architecture":"arm","variant":"v7","config":{"Labels":{"org.opencontainers.image.source":"https://git.example/a/b"}}}"""));
        Assert.Equal(("linux/arm/v7", "https://git.example/a/b"), (read!.Platform!.ToString(), read.Source));
        Assert.Null(ImageConfiguration.Read("no"u8.ToArray()));
        Assert.Equal(new ImageConfiguration(null, null), ImageConfiguration.Read("[1]"u8.ToArray()));
    }

    private static bool Strict(string text, string? type, out Manifest? manifest, out string? wrong) =>
        ManifestReader.TryRead(Encoding.UTF8.GetBytes(text), type, out manifest, out wrong);

    private static bool Lenient(string text, string? type, out Manifest? manifest, out string? wrong) =>
        ManifestReader.TryReadLenient(Encoding.UTF8.GetBytes(text), type, out manifest, out wrong);
}
