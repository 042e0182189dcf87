using Berth.Server.Access;

namespace Berth.Server.Codespaces.Images;

/// <summary>
/// Images of Berth's own registry: the rules themselves are asked, beside the registry, since their answer says which rule refused and what would help, as
/// far as the creator may know.
/// </summary>
internal sealed class OwnImages(AccessDecisions access)
{
    /// <summary>Null: the codespace may pull it.</summary>
    public async Task<CodespaceFaultException?> RefusalAsync(
        ImageReference image, CodespacePrincipal principal, Action<string, string> log, CancellationToken cancellationToken)
    {
        var slash = image.Path.IndexOf('/', StringComparison.Ordinal);
        if (slash < 0)
        {
            return new CodespaceFaultException(
                $"{image.Registry} has no image {image.Path}: an image of Berth's own registry is named {image.Registry}/OWNER/IMAGE");
        }

        var address = new PackageAddress(image.Path[..slash], PackageAddress.Container, image.Path[(slash + 1)..]);
        var decision = await access.DecideAsync(principal, address, PackageAction.Pull, cancellationToken);
        if (decision.Allowed)
        {
            log("authorise", $"allowed: {decision.Deciding}");
            return null;
        }

        // Without a reason the creator may not know whether there is such a package, and the words are the same for both.
        var reason = decision.Reason ?? $"a codespace of {principal.Repository}, created by {principal.UserLogin}, may not read it, or it does not exist";
        var missing = decision.Reason is not null && !(await access.FactsAsync(principal, address, cancellationToken)).Exists;
        var remedy = missing
            ? "push the image, or correct its name in devcontainer.json"
            : decision.Remedy ?? $"if it exists, an admin of the package can run: berth package access grant {image.Path} --codespaces {principal.Repository}";
        return new CodespaceFaultException($"the registry {image.Registry} refuses the image {image}: {reason}. Remedy: {remedy}");
    }
}
