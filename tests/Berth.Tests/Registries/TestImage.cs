using Berth.Server.Oci;
using Berth.Server.Registries.Remote;

namespace Berth.Tests.Registries;

internal static class TestImage
{
    /// <summary>Parses the name that a person writes.</summary>
    public static RemoteImage Of(string text) =>
        ImageReference.TryParse(text, out var image, out _)
            ? RemoteImage.Of(image)
            : throw new ArgumentException($"'{text}' is no image", nameof(text));

    public static RegistryHost Host(string text) => RegistryHost.TryParse(text, out var host) ? host
        : throw new ArgumentException($"'{text}' is no host", nameof(text));
}
