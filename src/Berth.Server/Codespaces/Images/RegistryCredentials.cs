using Berth.Server.Codespaces.Engine;
using Berth.Server.Settings;

namespace Berth.Server.Codespaces.Images;

/// <summary>
/// Which login an image is fetched with. Berth's own registry: the codespace's token. Others: none yet; sets of registry secrets are resolved
/// here when there are secrets.
/// </summary>
internal sealed class RegistryCredentials(BerthOptions options)
{
    public bool IsOwn(ImageReference image) => image.Registry.Equals(options.RegistryHost, StringComparison.OrdinalIgnoreCase);

    /// <param name="image">What is to be fetched.</param>
    /// <param name="codespaceToken">The token of this start.</param>
    /// <returns>Null: anonymously.</returns>
    public RegistryCredential? For(ImageReference image, string codespaceToken) =>
        IsOwn(image) ? new RegistryCredential(options.RegistryHost, "codespace", codespaceToken) : null;

    /// <summary>For the creation log.</summary>
    public string Describe(ImageReference image) =>
        IsOwn(image) ? $"{image.Registry} is Berth's own registry: using the codespace's token" : $"no credentials are known for {image.Registry}: anonymous";
}
