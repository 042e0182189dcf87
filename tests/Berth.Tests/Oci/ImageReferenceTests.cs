using Berth.Server.Oci;

namespace Berth.Tests.Oci;

public sealed class ImageReferenceTests
{
    private const string Digest = "sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";

    [Theory]
    [InlineData("localhost:5000/acme/app-dev", "localhost:5000", "acme/app-dev", "latest")]
    [InlineData("localhost:5000/acme/app-dev:1", "localhost:5000", "acme/app-dev", "1")]
    [InlineData("localhost/acme/tools/ci/base:v1.0", "localhost", "acme/tools/ci/base", "v1.0")]
    [InlineData("docker.io/library/node:20", "docker.io", "library/node", "20")]
    [InlineData("Registry.Example/acme/app", "registry.example", "acme/app", "latest")]
    [InlineData("127.0.0.1:5001/team/x@" + Digest, "127.0.0.1:5001", "team/x", Digest)]
    [InlineData("127.0.0.1:5001/team/x:1@" + Digest, "127.0.0.1:5001", "team/x", Digest)]
    [InlineData("[::1]:5000/acme/app:1", "[::1]:5000", "acme/app", "1")]
    public void An_image_is_read_with_its_registry(string text, string registry, string path, string reference)
    {
        Assert.True(ImageReference.TryParse(text, out var image, out _));
        Assert.Equal((registry, path, reference), (image.Registry, image.Path.Value, image.Reference.ToString()));
    }

    [Trait("Suite", "hostile")]
    [Theory]
    [InlineData(Digest, "is an image id")]
    [InlineData("0123456789ab", "is an image id")]
    [InlineData("sha256:0123456789ab", "is an image id")]
    [InlineData("Node:20", "lower case")]
    [InlineData("_/node:20", "is not an image reference")]
    [InlineData("localhost:5000/Acme/App", "lower case")]
    [InlineData("localhost:5000/acme//app", "lower case")]
    [InlineData("localhost:5000/../app", "lower case")]
    [InlineData("localhost:5000/acme/app:", "is not an image reference")]
    [InlineData("localhost:5000/acme/app@sha256:1", "is not an image reference")]
    [InlineData("https://localhost:5000/acme/app", "is not an image reference")]
    [InlineData("--privileged", "is not an image reference")]
    [InlineData("localhost:5000/acme/app --privileged", "is not an image reference")]
    [InlineData("", "is not an image reference")]
    [InlineData("[::1/acme/app", "is not an image reference")]
    [InlineData("localhost:99999/acme/app", "is not an image reference")]
    [InlineData("localhost:5000/acme/app@md5:1@md5:1", "is not an image reference")]
    public void What_is_no_image_is_refused_with_what_to_write(string text, string fault)
    {
        Assert.False(ImageReference.TryParse(text, out _, out var said));
        Assert.Contains(fault, said, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("busybox", "docker.io", "library/busybox", "latest")]
    [InlineData("busybox:1", "docker.io", "library/busybox", "1")]
    [InlineData("acme/app", "docker.io", "acme/app", "latest")]
    [InlineData("docker.io/busybox", "docker.io", "library/busybox", "latest")]
    [InlineData("docker.io/library/busybox", "docker.io", "library/busybox", "latest")]
    [InlineData("index.docker.io/acme/app:1", "docker.io", "acme/app", "1")]
    [InlineData("ghcr.io/acme/app:1@" + Digest, "ghcr.io", "acme/app", Digest)]
    [InlineData("Registry.Example:443/app", "registry.example", "app", "latest")]
    [InlineData("localhost/app", "localhost", "app", "latest")]
    [InlineData("localhost:5000/acme/app:latest", "localhost:5000", "acme/app", "latest")]
    [InlineData("[::1]:5000/acme/app", "[::1]:5000", "acme/app", "latest")]
    public void A_familiar_name_is_read_as_docker_reads_it(string text, string host, string path, string reference)
    {
        Assert.True(ImageReference.TryParse(text, out var image, out _));
        Assert.Equal((host, path, reference), (image.Host.Value, image.Path.Value, image.Reference.ToString()));
        Assert.Equal(image.Host.IsDockerHub ? "docker.io" : image.Registry, image.Registry);
    }

    [Theory]
    [InlineData("Busybox")]
    [InlineData("busybox:")]
    [InlineData("busybox@sha256:1")]
    [InlineData("registry.example:0/app")]
    [InlineData("a b")]
    [InlineData("")]
    public void What_no_familiar_name_looks_like_is_refused(string text) => Assert.False(ImageReference.TryParse(text, out _, out _));

    [Theory]
    [InlineData("node:20", "mirror.example:5000/library/node:20")]
    [InlineData("acme/app", "mirror.example:5000/acme/app")]
    [InlineData("docker.io/node:20", "docker.io/library/node:20")]
    [InlineData("ghcr.io/app", "ghcr.io/app")]
    public void Another_registry_takes_names_without_one(string text, string expected)
    {
        Assert.True(RegistryHost.TryParse("mirror.example:5000", out var mirror));
        Assert.True(ImageReference.TryParse(text, mirror, out var image, out _));
        Assert.Equal(expected, image.ToString());
    }
}
