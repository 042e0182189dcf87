using System.IO.Compression;
using System.Net;
using System.Text;
using System.Text.Json;
using Berth.SystemTests.Fixtures.Clients;
using Berth.SystemTests.Fixtures.Server;
using Berth.SystemTests.Fixtures.Tools;

namespace Berth.SystemTests.Registry;

/// <summary>The forms of content that builders and signers push: indexes, artifacts, empty and foreign layers, caches.</summary>
public sealed class ShapeTests(SharedServer shared) : IDisposable
{
    private const string ConfigurationType = "application/vnd.oci.image.config.v1+json";
    private const string LayerType = "application/vnd.oci.image.layer.v1.tar+gzip";

    private readonly TemporaryFolder _folder = new();

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_multi_platform_index_goes_from_one_registry_name_to_another_with_everything_it_lists()
    {
        var (ada, registry) = await PersonAsync("multi");
        var amd64 = await PushImageAsync(registry, "amd64");
        var arm64 = await PushImageAsync(registry, "arm64");
        var index = Encoding.UTF8.GetBytes(
            $$"""
            {"schemaVersion":2,"mediaType":"{{RawRegistry.IndexType}}","manifests":[{{Platform(amd64, "amd64")}},{{Platform(arm64, "arm64")}}]}
            """);
        await registry.PutManifestAsync("1", index, RawRegistry.IndexType, Cancelled);

        var skopeo = await SkopeoAsync(ada);
        var name = $"docker://{shared.Process.Host}/{ada.Login}/multi";
        await skopeo.RunAsync("copy", "--all", "--src-tls-verify=false", "--dest-tls-verify=false", name + ":1", name + "/copied:1");

        using var copied = new RawRegistry(ada, $"{ada.Login}/multi/copied");
        Assert.Equal(index, await copied.GetManifestAsync("1", Cancelled));
        Assert.Equal(arm64, await copied.GetManifestAsync(RawRegistry.Digest(arm64), Cancelled));
        Assert.Equal(
            "arm64",
            (await skopeo.RunAsync(
                "inspect", "--override-arch", "arm64", "--format", "{{.Architecture}}", "--tls-verify=false", name + "/copied:1")).Line);
    }

    [Fact]
    public async Task An_artifact_with_a_subject_is_found_among_the_subjects_referrers()
    {
        var (_, registry) = await PersonAsync("signed");
        var image = await PushImageAsync(registry, "amd64");
        var subject = await registry.PutManifestAsync("1", image, RawRegistry.ManifestType, Cancelled);
        var empty = await registry.PushBlobAsync("{}"u8.ToArray(), Cancelled);
        var artifact = Encoding.UTF8.GetBytes(
            $$$"""
            {"schemaVersion":2,"mediaType":"{{{RawRegistry.ManifestType}}}","artifactType":"application/vnd.example.signature","config":{"mediaType":"application/vnd.oci.empty.v1+json","digest":"{{{empty}}}","size":2},
            "layers":[{"mediaType":"application/vnd.oci.empty.v1+json","digest":"{{{empty}}}","size":2}],"subject":{"mediaType":"{{{RawRegistry.ManifestType}}}","digest":"{{{subject}}}","size":{{{image.Length}}}}}
            """);

        using (var put = await registry.TryPutManifestAsync(RawRegistry.Digest(artifact), artifact, RawRegistry.ManifestType, Cancelled))
        {
            Assert.Equal(HttpStatusCode.Created, put.StatusCode);
            Assert.Equal(subject, put.Headers.GetValues("OCI-Subject").Single());
        }

        using var answer = await registry.SendAsync(
            HttpMethod.Get, $"referrers/{subject}?artifactType=application/vnd.example.signature", Cancelled);
        var referrers = JsonSerializer.Deserialize<JsonElement>(await answer.Content.ReadAsStringAsync(Cancelled));
        Assert.Equal(
            [RawRegistry.Digest(artifact)],
            referrers.GetProperty("manifests").EnumerateArray().Select(entry => entry.GetProperty("digest").GetString()!));
    }

    [Fact]
    public async Task An_empty_blob_is_pushed_and_pulled()
    {
        var (_, registry) = await PersonAsync("empty");
        var digest = await registry.PushBlobAsync([], Cancelled);
        var configuration = await PushConfigurationAsync(registry, "amd64");
        var manifest = RawRegistry.Manifest(configuration, RawRegistry.Descriptor("application/octet-stream", digest, 0));
        await registry.PutManifestAsync("1", manifest, RawRegistry.ManifestType, Cancelled);

        Assert.Equal(
            Array.Empty<byte>(),
            await registry.GetBlobAsync("sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855", Cancelled));
    }

    [Theory]
    [InlineData(
        "application/vnd.docker.distribution.manifest.v2+json", "application/vnd.docker.container.image.v1+json",
        "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip")]
    [InlineData(RawRegistry.ManifestType, ConfigurationType, "application/vnd.oci.image.layer.nondistributable.v1.tar+gzip")]
    public async Task A_foreign_layer_is_never_asked_for(string manifestType, string configurationType, string layerType)
    {
        var (ada, registry) = await PersonAsync("foreign");
        var configuration = Configuration("amd64");
        await registry.PushBlobAsync(configuration, Cancelled);
        var layer = Encoding.UTF8.GetBytes("a layer that its owner gives out");
        var manifest = Encoding.UTF8.GetBytes(
            $$"""
            {"schemaVersion":2,"mediaType":"{{manifestType}}","config":{{RawRegistry.Descriptor(configurationType, configuration)}},
            "layers":[{"mediaType":"{{layerType}}","digest":"{{RawRegistry.Digest(layer)}}","size":{{layer.Length}},"urls":["https://layers.example.com/base"]}]}
            """);
        await registry.PutManifestAsync("1", manifest, manifestType, Cancelled);
        Assert.Equal(manifest, await registry.GetManifestAsync("1", Cancelled));
        Assert.Equal(HttpStatusCode.NotFound, await registry.HeadAsync("blobs/" + RawRegistry.Digest(layer), Cancelled));

        var skopeo = await SkopeoAsync(ada);
        var name = $"docker://{shared.Process.Host}/{ada.Login}/foreign";
        await skopeo.RunAsync("copy", "--src-tls-verify=false", "--dest-tls-verify=false", name + ":1", name + "/copied:1");
        using var copied = new RawRegistry(ada, $"{ada.Login}/foreign/copied");
        Assert.Equal(manifest, await copied.GetManifestAsync("1", Cancelled));
    }

    /// <summary>BuildKit's registry cache in its older form: an index whose entries are layers and the cache's configuration.</summary>
    [Fact]
    public async Task An_index_that_lists_blobs_as_BuildKits_cache_does_is_kept_with_its_blobs()
    {
        var (_, registry) = await PersonAsync("cache");
        var layer = Encoding.UTF8.GetBytes("a cached layer " + Accounts.Unique("layer"));
        var configuration = Encoding.UTF8.GetBytes("""{"layers":[],"records":[]}""");
        await registry.PushBlobAsync(layer, Cancelled);
        await registry.PushBlobAsync(configuration, Cancelled);
        var entries = RawRegistry.Descriptor(LayerType, layer) + ","
            + RawRegistry.Descriptor("application/vnd.buildkit.cacheconfig.v0", configuration);
        var index = Encoding.UTF8.GetBytes($$"""{"schemaVersion":2,"mediaType":"{{RawRegistry.IndexType}}","manifests":[{{entries}}]}""");
        await registry.PutManifestAsync("buildcache", index, RawRegistry.IndexType, Cancelled);

        Assert.Equal(index, await registry.GetManifestAsync("buildcache", Cancelled));
        Assert.Equal(layer, await registry.GetBlobAsync(RawRegistry.Digest(layer), Cancelled));
        Assert.Equal(configuration, await registry.GetBlobAsync(RawRegistry.Digest(configuration), Cancelled));

        var missing = Encoding.UTF8.GetBytes(
            $$"""{"schemaVersion":2,"mediaType":"{{RawRegistry.IndexType}}","manifests":[{{RawRegistry.Descriptor(LayerType, Encoding.UTF8.GetBytes("never pushed"))}}]}""");
        using var refused = await registry.TryPutManifestAsync("broken", missing, RawRegistry.IndexType, Cancelled);
        Assert.Contains("MANIFEST_BLOB_UNKNOWN", await refused.Content.ReadAsStringAsync(Cancelled), StringComparison.Ordinal);
    }

    public void Dispose() => _folder.Dispose();

    private async Task<(Person Ada, RawRegistry Registry)> PersonAsync(string name)
    {
        var ada = await shared.Process.UserAsync("ada");
        return (ada, new RawRegistry(ada, $"{ada.Login}/{name}"));
    }

    private async Task<Command> SkopeoAsync(Person person)
    {
        var skopeo = ContainersTools.Skopeo(_folder);
        await skopeo.RunWithInputAsync(
            person.Token, "login", "--tls-verify=false", "-u", person.Login, "--password-stdin", shared.Process.Host);
        return skopeo;
    }

    private static async Task<byte[]> PushImageAsync(RawRegistry registry, string architecture)
    {
        var configuration = await PushConfigurationAsync(registry, architecture);
        var layer = Compressed("a layer for " + architecture);
        await registry.PushBlobAsync(layer, Cancelled);
        var manifest = RawRegistry.Manifest(configuration, RawRegistry.Descriptor(LayerType, layer));
        await registry.PutManifestAsync(RawRegistry.Digest(manifest), manifest, RawRegistry.ManifestType, Cancelled);
        return manifest;
    }

    private static async Task<string> PushConfigurationAsync(RawRegistry registry, string architecture)
    {
        var configuration = Configuration(architecture);
        await registry.PushBlobAsync(configuration, Cancelled);
        return RawRegistry.Descriptor(ConfigurationType, configuration);
    }

    /// <summary>The content is really compressed. Clients would compress it otherwise, and then push another digest.</summary>
    private static byte[] Compressed(string text)
    {
        using var compressed = new MemoryStream();
        using (var gzip = new GZipStream(compressed, CompressionLevel.Fastest))
        {
            gzip.Write(Encoding.UTF8.GetBytes(text));
        }

        return compressed.ToArray();
    }

    private static byte[] Configuration(string architecture) =>
        Encoding.UTF8.GetBytes(
            $$$"""{"architecture":"{{{architecture}}}","os":"linux","config":{},"rootfs":{"type":"layers","diff_ids":["sha256:{{{new string('0', 64)}}}"]}}""");

    private static string Platform(byte[] manifest, string architecture) =>
        RawRegistry.Descriptor(RawRegistry.ManifestType, manifest)[..^1]
            + $$$""","platform":{"architecture":"{{{architecture}}}","os":"linux"}}""";
}
