using Berth.Server.Codespaces.Engine;
using Berth.Server.Codespaces.Images;

namespace Berth.Tests.Codespaces.Images;

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
        Assert.Equal((registry, path, reference), (image.Registry, image.Path, image.Reference));
    }

    [Trait("Suite", "hostile")]
    [Theory]
    [InlineData("node:20", "an image of Docker Hub is written docker.io/library/node:20")]
    [InlineData("acme/app:1", "an image of Docker Hub is written docker.io/acme/app:1")]
    [InlineData(Digest, "is an image id")]
    [InlineData("localhost:5000/Acme/App", "lower case")]
    [InlineData("localhost:5000/acme//app", "lower case")]
    [InlineData("localhost:5000/../app", "lower case")]
    [InlineData("localhost:5000/acme/app:", "is not an image reference")]
    [InlineData("localhost:5000/acme/app@sha256:1", "is not an image reference")]
    [InlineData("https://localhost:5000/acme/app", "is not an image reference")]
    [InlineData("--privileged", "is not an image reference")]
    [InlineData("localhost:5000/acme/app --privileged", "is not an image reference")]
    [InlineData("", "is not an image reference")]
    public void What_is_no_image_with_a_registry_is_refused_with_what_to_write(string text, string fault)
    {
        Assert.False(ImageReference.TryParse(text, out _, out var said));
        Assert.Contains(fault, said, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("localhost:5000/a/b", "localhost")]
    [InlineData("[::1]:5000/a/b", "[::1]")]
    [InlineData("registry.example/a/b", "registry.example")]
    public void The_host_is_the_registry_without_its_port(string text, string host)
    {
        Assert.True(ImageReference.TryParse(text, out var image, out _));
        Assert.Equal(host, image.Host);
    }

    [Theory]
    [InlineData("unauthorized: authentication required", "the registry allowed it a moment ago")]
    [InlineData("manifest unknown: manifest unknown", "gone since it was looked up")]
    [InlineData("dial tcp 127.0.0.1:5999: connect: connection refused", "the container engine reaches the registry")]
    [InlineData("x509: certificate signed by unknown authority", "/etc/docker/certs.d/localhost:5000/ca.crt")]
    [InlineData("http: server gave HTTP response to HTTPS client", "plain http")]
    public void A_failed_pull_names_registry_image_reason_and_remedy(string words, string remedy)
    {
        Assert.True(ImageReference.TryParse("localhost:5000/acme/app:1", out var image, out _));
        var message = ImageFault.OfEngine(image, new EngineException(500, words)).Message;
        Assert.StartsWith($"the image localhost:5000/acme/app:1 cannot be had from the registry localhost:5000: {words}. Remedy: ", message, StringComparison.Ordinal);
        Assert.Contains(remedy, message, StringComparison.Ordinal);
    }
}
