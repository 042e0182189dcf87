using Berth.Server.Codespaces.Engine;
using Berth.Server.Oci;
using Berth.Server.Registries;
using Berth.Server.Registries.Remote;

namespace Berth.Server.Codespaces.Images;

/// <summary>An image that its registry has just allowed, by digest, and the login it was allowed to.</summary>
/// <param name="Login">Null: without one.</param>
/// <param name="By">Whose login, for people: <c>ACR at organization level</c>; null without one.</param>
/// <param name="Credential">What the engine gets: a token of a few minutes where the registry issues such, so that it never sends a
/// password anywhere.</param>
internal sealed record AuthorisedImage(
    ImageReference Image, RemoteImage Remote, RegistryLogin? Login, string? By, RegistryCredential? Credential)
{
    public Digest Digest => Remote.Reference.Digest!;

    /// <summary>
    /// Of Berth's own registry: the rule that allows it to the codespace; null elsewhere, and where a set of secrets was needed.
    /// </summary>
    public string? Rule { get; init; }

    /// <summary>Why the login that counts for it was not taken, where the image is allowed without one.</summary>
    public string? Rejected { get; init; }

    /// <summary>Null where the engine needs none, or may as well ask for it itself: without a login.</summary>
    public static RegistryCredential? CredentialOf(ImageReference image, RegistryLogin? login, RemoteAnswer<RemoteManifest> answer) =>
        (login, answer) switch
        {
            (null, _) or (_, { Scheme: RemoteScheme.None }) => null,
            (_, { Token: { } token }) => new RegistryCredential(image.Registry, login!.User, "") { Token = token.Value },
            _ => new RegistryCredential(image.Registry, login!.User, login.Password),
        };
}
