using System.Net;
using System.Security.Cryptography;
using System.Text;
using Berth.SystemTests.Fixtures.Clients;
using Berth.SystemTests.Fixtures.Server;
using Berth.SystemTests.Fixtures.Tools;

namespace Berth.SystemTests.Registry;

/// <summary>A layer of 1 GiB. Its zeros take no disk space in the layout, and the registry does not know that they are zeros.</summary>
public sealed class LargeLayerTests(SharedServer shared) : IDisposable
{
    private const long Size = 1L << 30;

    private readonly TemporaryFolder _folder = new();

    [Fact]
    public async Task An_image_with_a_layer_of_one_GiB_is_pushed_and_pulled()
    {
        var skopeo = ContainersTools.Skopeo(_folder);
        var ada = await shared.Process.UserAsync("ada");
        await skopeo.RunWithInputAsync(ada.Token, "login", "--tls-verify=false", "-u", ada.Login, "--password-stdin", shared.Process.Host);
        var (layout, layer) = await LayoutAsync();
        var name = $"{shared.Process.Host}/{ada.Login}/large:1";

        await skopeo.RunAsync("copy", "--preserve-digests", "--dest-tls-verify=false", $"oci:{layout}:latest", "docker://" + name);
        Directory.Delete(layout, recursive: true);

        // skopeo checks what it pulls against the digest.
        await skopeo.RunAsync("copy", "--preserve-digests", "--src-tls-verify=false", "docker://" + name, "dir:" + _folder["pulled"]);
        Assert.Equal(Size, new FileInfo(Path.Combine(_folder["pulled"], layer)).Length);
        using var registry = new RawRegistry(ada, $"{ada.Login}/large");
        using var head = await registry.SendAsync(HttpMethod.Head, "blobs/sha256:" + layer, TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.OK, head.StatusCode);
        Assert.Equal(Size, head.Content.Headers.ContentLength);
    }

    public void Dispose() => _folder.Dispose();

    private async Task<(string Layout, string Layer)> LayoutAsync()
    {
        var layout = _folder.Create("layout");
        var blobs = Directory.CreateDirectory(Path.Combine(layout, "blobs", "sha256")).FullName;
        var sparse = Path.Combine(layout, "layer");
        string layer;
        await using (var file = new FileStream(sparse, FileMode.CreateNew, FileAccess.ReadWrite))
        {
            file.SetLength(Size);
            layer = Convert.ToHexStringLower(await SHA256.HashDataAsync(file, TestContext.Current.CancellationToken));
        }

        File.Move(sparse, Path.Combine(blobs, layer));
        var configuration = Encoding.UTF8.GetBytes(
            $$$"""{"architecture":"amd64","os":"linux","config":{},"rootfs":{"type":"layers","diff_ids":["sha256:{{{layer}}}"]}}""");
        var manifest = RawRegistry.Manifest(
            RawRegistry.Descriptor("application/vnd.oci.image.config.v1+json", configuration),
            RawRegistry.Descriptor("application/vnd.oci.image.layer.v1.tar", "sha256:" + layer, Size));
        await WriteAsync(configuration);
        await WriteAsync(manifest);
        var entry = RawRegistry.Descriptor(RawRegistry.ManifestType, manifest)[..^1]
            + ",\"annotations\":{\"org.opencontainers.image.ref.name\":\"latest\"}}";
        await File.WriteAllTextAsync(
            Path.Combine(layout, "index.json"), $$"""{"schemaVersion":2,"manifests":[{{entry}}]}""", TestContext.Current.CancellationToken);
        await File.WriteAllTextAsync(
            Path.Combine(layout, "oci-layout"), """{"imageLayoutVersion":"1.0.0"}""", TestContext.Current.CancellationToken);
        return (layout, layer);

        Task WriteAsync(byte[] content) =>
            File.WriteAllBytesAsync(
                Path.Combine(blobs, RawRegistry.Digest(content)["sha256:".Length..]), content, TestContext.Current.CancellationToken);
    }
}
