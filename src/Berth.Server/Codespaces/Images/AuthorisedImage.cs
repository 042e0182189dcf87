using Berth.Server.Codespaces.Engine;
using Berth.Server.Oci;
using Berth.Server.Registries;
using Berth.Server.Registries.Remote;

namespace Berth.Server.Codespaces.Images;

/// <summary>An image that its registry has just allowed, by digest, and the login that it allowed.</summary>
/// <param name="Login">Null: the image was allowed without a login.</param>
/// <param name="By">The owner of the login, for people: <c>ACR at organization level</c>. Null without a login.</param>
/// <param name="Credential">The credential for the engine. If the registry issues tokens of a few minutes, it is one of these, so that the
/// engine never sends a password.</param>
internal sealed record AuthorisedImage(
    ImageReference Image, RemoteImage Remote, RegistryLogin? Login, string? By, RegistryCredential? Credential)
{
    public Digest Digest => Remote.Reference.Digest!;

    /// <summary>
    /// For an image of Berth's own registry: the rule that allows it to the codespace. Null for other registries, and when a set of secrets
    /// was needed.
    /// </summary>
    public string? Rule { get; init; }

    /// <summary>Why the image's login was not used, when the image is allowed without one.</summary>
    public string? Rejected { get; init; }

    /// <summary>Null when the engine needs no credential, or can ask for a token itself because there is no login.</summary>
    public static RegistryCredential? CredentialOf(ImageReference image, RegistryLogin? login, RemoteAnswer<RemoteManifest> answer) =>
        (login, answer) switch
        {
            (null, _) or (_, { Scheme: RemoteScheme.None }) => null,
            (_, { Token: { } token }) => new RegistryCredential(image.Registry, login!.User, "") { Token = token.Value },
            _ => new RegistryCredential(image.Registry, login!.User, login.Password),
        };
}
