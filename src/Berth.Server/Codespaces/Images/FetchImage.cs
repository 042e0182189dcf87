using System.Net.Sockets;
using Berth.Server.Access;
using Berth.Server.Codespaces.Engine;
using Berth.Server.Http;

namespace Berth.Server.Codespaces.Images;

/// <summary>An image that this codespace may use and the engine has: named by digest, so that a tag that moves changes nothing.</summary>
internal sealed record PinnedImage(string Reference, EngineImage Image);

/// <summary>
/// Authorises and pulls an image for one codespace. The registry is always asked, since an image that lies on the engine already was authorised for
/// somebody else.
/// </summary>
internal sealed class FetchImage(EngineClient engine, AccessDecisions access, OutgoingNetworks networks, RegistryCredentials credentials)
{
    public bool IsOwn(ImageReference image) => credentials.IsOwn(image);

    /// <param name="image">As the configuration names it.</param>
    /// <param name="start">The codespace, its credentials and its log.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <exception cref="CodespaceFaultException">Refused or not to be had; names registry, image, reason and remedy.</exception>
    public async Task<PinnedImage> RunAsync(ImageReference image, StartCredentials start, CancellationToken cancellationToken)
    {
        var log = start.Log;
        log("credentials", credentials.Describe(image));
        if (credentials.IsOwn(image))
        {
            await DecideAsync(image, start, cancellationToken);
        }
        else
        {
            await CheckAddressAsync(image, cancellationToken);
        }

        var credential = credentials.For(image, start.Token);
        try
        {
            var digest = await engine.ResolveAsync(image, credential, cancellationToken);
            log("authorise", $"{image.Registry} allows {image} ({digest})");
            var pinned = image.At(digest);
            if (await engine.ImageAsync(pinned, cancellationToken) is { } present)
            {
                log("pull", $"{pinned} is on the engine already, and this codespace may use it");
                return new PinnedImage(pinned, present);
            }

            log("pull", $"pulling {pinned}");
            var summary = new PullSummary();
            await engine.PullAsync(
                image, digest, credential,
                update =>
                {
                    if (summary.Add(update) is { } line)
                    {
                        log("pull", line);
                    }
                },
                cancellationToken);
            return new PinnedImage(pinned, await engine.ImageAsync(pinned, cancellationToken)
                ?? throw new EngineException(500, "the engine pulled it and does not have it"));
        }
        catch (EngineException exception)
        {
            throw PullFailure.Of(image, credential is not null, exception);
        }
    }

    /// <summary>
    /// Asks the rules themselves, beside the registry: their answer says which rule refused and what would help, as far as the creator may know.
    /// </summary>
    public async Task DecideAsync(ImageReference image, StartCredentials start, CancellationToken cancellationToken)
    {
        var principal = start.Principal;
        var slash = image.Path.IndexOf('/', StringComparison.Ordinal);
        if (slash < 0)
        {
            throw new CodespaceFaultException(
                $"{image.Registry} has no image {image.Path}: an image of Berth's own registry is named {image.Registry}/OWNER/IMAGE");
        }

        var address = new PackageAddress(image.Path[..slash], PackageAddress.Container, image.Path[(slash + 1)..]);
        var decision = await access.DecideAsync(principal, address, PackageAction.Pull, cancellationToken);
        if (decision.Allowed)
        {
            start.Log("authorise", $"allowed: {decision.Deciding}");
            return;
        }

        // Without a reason the creator may not know whether there is such a package, and the words are the same for both.
        var reason = decision.Reason ?? $"a codespace of {principal.Repository}, created by {principal.UserLogin}, may not read it, or it does not exist";
        var missing = decision.Reason is not null && !(await access.FactsAsync(principal, address, cancellationToken)).Exists;
        var remedy = missing
            ? "push the image, or correct its name in devcontainer.json"
            : decision.Remedy ?? $"if it exists, an admin of the package can run: berth package access grant {image.Path} --codespaces {principal.Repository}";
        throw new CodespaceFaultException($"the registry {image.Registry} refuses the image {image}: {reason}. Remedy: {remedy}");
    }

    private async Task CheckAddressAsync(ImageReference image, CancellationToken cancellationToken)
    {
        try
        {
            await networks.ResolveAsync(image.Host, cancellationToken);
        }
        catch (OutgoingRefusedException exception)
        {
            throw new CodespaceFaultException($"the registry {image.Registry} of the image {image} may not be reached: {exception.Message}", exception);
        }
        catch (SocketException exception)
        {
            throw new CodespaceFaultException(
                $"the registry {image.Registry} of the image {image} cannot be found: {exception.Message}. Remedy: correct the image's name in devcontainer.json",
                exception);
        }
    }
}

/// <summary>Puts the engine's words about a registry into a reason and a remedy.</summary>
internal static class PullFailure
{
    public static CodespaceFaultException Of(ImageReference image, bool signedIn, EngineException exception)
    {
        var words = exception.Message;
        bool Says(string part) => words.Contains(part, StringComparison.OrdinalIgnoreCase);
        var remedy = words switch
        {
            _ when Says("no basic auth") || Says("unauthorized") || Says("authentication required") || Says("denied") || Says("forbidden") => signedIn
                ? "give the repository access to the package and start the codespace again"
                : "the registry wants a login, and this version of Berth fetches anonymously from other registries; use a public image or copy it to Berth's own registry",
            _ when Says("manifest unknown") || Says("not found") || Says("name unknown") => "check the image's name and tag in devcontainer.json, and that it was pushed",
            _ when Says("x509") => $"the container engine does not trust the registry's certificate; put its CA at /etc/docker/certs.d/{image.Registry}/ca.crt on the server",
            _ when Says("connection refused") || Says("no such host") || Says("i/o timeout") || Says("no route") => "check that the registry runs and that the server reaches it",
            _ when Says("HTTP response to HTTPS") => "the registry speaks plain http; serve it with https, or list it in the engine's insecure-registries",
            _ when Says("no space left") => "the engine's disk is full; make room and start the codespace again",
            _ when Says("platform") => "the image has no variant for this machine's platform",
            _ => "see the line above and start the codespace again when it is put right",
        };
        return new CodespaceFaultException($"the image {image} cannot be had from the registry {image.Registry}: {words}. Remedy: {remedy}", exception);
    }
}
