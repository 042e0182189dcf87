namespace Berth.Server.Access;

/// <summary>The one command that would add what a refusal found missing.</summary>
internal static class Remedies
{
    /// <summary>The remedy for those who may know of the package.</summary>
    public static string? For(Principal principal, PackageAction action, PackageFacts facts)
    {
        if (OfTheCaller(principal, action) is { } own)
        {
            return own;
        }

        if (principal is CodespacePrincipal codespace
            && facts is { LinkedAsked: true, LinkedPermitted: false, Inherits: true }
            && facts.OnLinked.CanRead)
        {
            return $"{codespace.UserLogin} can run: berth codespace permissions allow {codespace.Repository}";
        }

        return facts.Exists
            ? $"an admin of the package can "
                + $"run: {Grant(principal, action, facts.Address with { Owner = facts.Owner?.Login ?? facts.Address.Owner })}"
            : null;
    }

    /// <summary>
    /// The remedy for everybody else. It depends only on the caller and the requested name, so that the words are the same for a hidden
    /// package and for a missing one.
    /// </summary>
    public static string IfItExists(Principal principal, PackageAction action, PackageAddress address) =>
        OfTheCaller(principal, action) ?? $"if it exists, an admin of the package can run: {Grant(principal, action, address)}";

    /// <summary>The remedy for a token that an organization does not accept.</summary>
    public static string OfPolicy(OwnerFacts owner) =>
        $"make one that it takes: berth token create --scopes write:packages --packages '{owner.Login}/*' "
            + $"--expires {owner.TokenMaxDays ?? 90}d";

    /// <summary>The remedy for a change of a tag that a rule refuses.</summary>
    public static string OfTag(PackageAddress address, TagChange change, bool others)
    {
        var type = address.Type == PackageAddress.Npm ? " --type npm" : "";
        var command = change.To is null
            ? $"untag {address.Owner}/{address.Name} {change.Tag}{type}"
            : $"tag {address.Owner}/{address.Name} {change.Tag} VERSION{type}";
        var instead = change.To is null ? "" : others ? "push another tag, or let one of those push it; " : "push another tag; ";
        return $"{instead}an admin of the package can override it, on the record: berth package {command} --override REASON";
    }

    /// <summary>What the caller lacks for any package.</summary>
    private static string? OfTheCaller(Principal principal, PackageAction action) => principal switch
    {
        AnonymousPrincipal => "sign in with a personal access token that has read:packages",
        CodespacePrincipal when action != PackageAction.Pull =>
            "use your own token with write:packages, or better, CI with a workflow token",
        WorkflowPrincipal { Packages: Role.Read } when action != PackageAction.Pull =>
            "ask for packages: write in the workflow's permissions",
        UserPrincipal user when MissingScope(user, action) is { } scope => $"use a token with the scope {scope}",
        _ => null,
    };

    private static string Grant(Principal principal, PackageAction action, PackageAddress address)
    {
        var type = address.Type == PackageAddress.Npm ? " --type npm" : "";
        return $"berth package access grant {address.Owner}/{address.Name}{type} " + principal switch
        {
            CodespacePrincipal codespace => $"--codespaces {codespace.Repository}",
            WorkflowPrincipal workflow => $"--actions {workflow.Repository} --role {Needed(action).Name()}",
            UserPrincipal user => $"--user {user.Login} --role {Needed(action).Name()}",
            _ => throw new ArgumentOutOfRangeException(nameof(principal), principal, "nobody can be granted anything"),
        };
    }

    private static Role Needed(PackageAction action) => action switch
    {
        PackageAction.Pull => Role.Read,
        PackageAction.Push => Role.Write,
        _ => Role.Admin,
    };

    private static string? MissingScope(UserPrincipal user, PackageAction action) => action switch
    {
        PackageAction.Pull => user.Scopes.ReadsPackages ? null : "read:packages",
        PackageAction.Delete => user.Scopes.DeletesPackages ? null : "delete:packages",
        _ => user.Scopes.WritesPackages ? null : "write:packages",
    };
}
