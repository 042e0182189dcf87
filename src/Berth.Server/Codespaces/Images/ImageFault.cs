using Berth.Server.Codespaces.Engine;
using Berth.Server.Faults;
using Berth.Server.Oci;
using Berth.Server.Registries;
using Berth.Server.Registries.Remote;

namespace Berth.Server.Codespaces.Images;

/// <summary>
/// Explains why an image cannot be fetched, in one line for the person who started the codespace: the real cause and a remedy.
/// </summary>
internal static class ImageFault
{
    /// <param name="set">Null: no set of secrets applies to the image.</param>
    public static FaultException Of(ImageReference image, RemoteImage remote, LoginSecrets? set, Fault cause, StartCredentials start)
    {
        var with = set is not null && cause.Kind is not (FaultKind.UnknownHost or FaultKind.Unreachable or FaultKind.AddressRefused)
            ? $" (login: {set.Name})" : "";
        var why = cause.IsLoginRejected && start.ExplainUnusedLogins(remote) is { } words ? $"; {words}" : "";
        return new FaultException(
            cause.Kind, $"the image {image} cannot be had from the registry {image.Registry}: {cause.Message}{with}{why}",
            Remedy(remote, set, cause, why.Length > 0));
    }

    public static FaultException WrongPlatform(ImageReference image, Fault cause, Platform platform) => new(
        FaultKind.WrongPlatform, $"the image {image} cannot be used: {cause.Message}",
        $"build and push it for {platform}, too (docker buildx build --platform {platform} …)");

    /// <summary>Explains an error of the container engine in a pull that the registry had allowed.</summary>
    public static FaultException OfEngine(ImageReference image, EngineException exception)
    {
        var words = exception.Message;
        bool Says(string part) => words.Contains(part, StringComparison.OrdinalIgnoreCase);
        var remedy = words switch
        {
            _ when Says("x509") =>
                $"the container engine does not trust the registry's certificate; put its CA at "
                    + $"/etc/docker/certs.d/{image.Registry}/ca.crt on the server",
            _ when Says("HTTP response to HTTPS") =>
                "the registry speaks plain http; serve it with https, or list it in the engine's insecure-registries",
            _ when Says("connection refused") || Says("no such host") || Says("i/o timeout") || Says("no route") =>
                "check that the container engine reaches the registry as this server does",
            _ when Says("no basic auth")
                || Says("unauthorized")
                || Says("authentication required")
                || Says("denied")
                || Says("forbidden") =>
                "the registry allowed it a moment ago and now refuses; start the codespace again",
            _ when Says("manifest unknown") || Says("not found") || Says("name unknown") =>
                "the image is gone since it was looked up; check that it was pushed",
            _ when Says("no space left") => "the engine's disk is full; make room and start the codespace again",
            _ when Says("platform") => "the image has no variant for this machine's platform",
            _ => "see the line above and start the codespace again when it is put right",
        };
        return new FaultException(new Fault(FaultKind.Engine,
            $"the image {image} cannot be had from the registry {image.Registry}: {words}", remedy), exception);
    }

    private static string Remedy(RemoteImage remote, LoginSecrets? set, Fault cause, bool explained) => cause.Kind switch
    {
        FaultKind.WrongPassword or FaultKind.LoginRequired or FaultKind.ExchangeFailed when set is not null =>
            $"correct {set.Prefix}_CONTAINER_REGISTRY_USER and _PASSWORD at {set.Level.ToText()} level (berth registry check tries them), "
                + "then start the codespace again",
        FaultKind.LoginRequired when explained => "put that right and start the codespace again",
        FaultKind.LoginRequired =>
            $"store a login as three secrets with one prefix, X_CONTAINER_REGISTRY_SERVER ({remote.Host}), X_CONTAINER_REGISTRY_USER and "
                + "X_CONTAINER_REGISTRY_PASSWORD, or correct the image's name",
        FaultKind.Denied => $"give that login the right to pull {remote.Path}, or correct the image's name",
        FaultKind.NotFound => "check the image's name and tag in devcontainer.json, and that it was pushed",
        FaultKind.UnknownHost => "correct the image's name in devcontainer.json",
        FaultKind.Unreachable => "check that the registry runs and that this server reaches it",
        FaultKind.UntrustedCertificate =>
            $"the server's operator adds the authority to BERTH_CA_FILE, and for the container engine to "
                + $"/etc/docker/certs.d/{remote.Host}/ca.crt",
        FaultKind.PlainHttp => "serve the registry with https",
        FaultKind.AddressRefused => "the server's operator decides what may be reached",
        FaultKind.RateLimited when set is null => "wait, or store a login for the registry as three secrets",
        FaultKind.RateLimited => "wait and start the codespace again",
        FaultKind.RealmRefused => $"the server's operator can list that host in {RealmRule.Setting} if it belongs to the registry",
        _ => "check that the image names a container registry",
    };
}
