using Berth.Server.Codespaces.Engine;
using Berth.Server.Codespaces.Images;
using Berth.Server.Oci;

namespace Berth.Tests.Codespaces.Images;

public sealed class ImageFaultTests
{
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
        Assert.StartsWith($"the image localhost:5000/acme/app:1 cannot be had from the registry localhost:5000: {words}. Remedy: ",
            message, StringComparison.Ordinal);
        Assert.Contains(remedy, message, StringComparison.Ordinal);
    }
}
