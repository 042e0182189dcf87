using Berth.Server.Access;
using Berth.Server.Faults;
using Berth.Server.Oci;
using Berth.Server.Registries;
using Berth.Server.Registry.Authorization;

namespace Berth.Server.Codespaces.Images;

/// <summary>The decision of the access rules on one image of Berth's own registry.</summary>
/// <param name="Rule">Null when no rule allowed it.</param>
/// <param name="Refusal">Null when the image is allowed.</param>
internal sealed record OwnDecision(string? Rule, Fault? Refusal);

/// <summary>
/// Decides on images of Berth's own registry. It asks the access rules directly, not only the registry, because their answer says which
/// rule refused and what would help, as far as the creator may know.
/// </summary>
internal sealed class OwnImages(AccessDecisions access, RegistryTokens tokens)
{
    public async Task<OwnDecision> DecideAsync(ImageReference image, CodespacePrincipal principal, CancellationToken cancellationToken)
    {
        if (ImageName.Of(image.Path) is not { } name)
        {
            return Refused(
                $"{image.Registry} has no image {image.Path}: an image of Berth's own registry is named {image.Registry}/OWNER/IMAGE", null,
                FaultKind.NotFound);
        }

        var facts = await access.FactsAsync(principal, name.Address, cancellationToken);
        var decision = AccessRules.Decide(principal, PackageAction.Pull, facts);
        if (decision.Allowed)
        {
            return new OwnDecision(decision.Deciding, null);
        }

        // Without a reason the creator may not know whether the package exists, so the message is the same in both cases.
        var reason = decision.Reason
            ?? $"a codespace of {principal.Repository}, created by {principal.UserLogin}, may not read it, or it does not exist";
        var missing = decision.Reason is not null && !facts.Exists;
        var remedy = missing
            ? "push the image, or correct its name in devcontainer.json"
            : decision.Remedy ?? Remedies.IfItExists(principal, PackageAction.Pull, name.Address);
        return Refused(
            $"the registry {image.Registry} refuses the image {image}: {reason}", remedy, missing ? FaultKind.NotFound : FaultKind.Denied);
    }

    /// <summary>
    /// The login for an image that was allowed: the codespace's token. If there is no codespace yet, it is a registry token for this one
    /// image that is valid for minutes. The codespace's token would be exchanged for just such a token.
    /// </summary>
    public RegistryLogin LoginOf(ImageReference image, StartCredentials start) => start.IsRehearsal
        ? new RegistryLogin("codespace", "")
        {
            Bearer = tokens.Issue(null, [new RegistryGrant(image.Path.Value, RegistryActions.Pull, RegistryActions.Pull)]),
        }
        : new RegistryLogin("codespace", start.Token);

    private static OwnDecision Refused(string words, string? remedy, FaultKind kind) => new(null, new Fault(kind, words, remedy));
}
