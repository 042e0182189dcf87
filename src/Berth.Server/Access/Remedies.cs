namespace Berth.Server.Access;

/// <summary>The one command that would add what a refusal found missing. Shown only to those who may know of the package.</summary>
internal static class Remedies
{
    public static string? For(Principal principal, PackageAction action, PackageFacts facts)
    {
        var package = $"{facts.Owner?.Login ?? facts.Address.Owner}/{facts.Address.Name}";
        var type = facts.Address.Type == PackageAddress.Npm ? " --type npm" : "";
        return (principal, action) switch
        {
            (AnonymousPrincipal, _) => "sign in with a personal access token that has read:packages",
            (CodespacePrincipal, not PackageAction.Pull) => "use your own token with write:packages, or better, CI with a workflow token",
            (CodespacePrincipal codespace, _) when facts is { LinkedAsked: true, LinkedPermitted: false, Inherits: true } && facts.OnLinked.CanRead =>
                $"{codespace.UserLogin} can run: berth codespace permissions allow {codespace.Repository}",
            (CodespacePrincipal codespace, _) when facts.Exists =>
                $"an admin of the package can run: berth package access grant {package}{type} --codespaces {codespace.Repository}",
            (WorkflowPrincipal { Packages: Role.Read }, not PackageAction.Pull) => "ask for packages: write in the workflow's permissions",
            (WorkflowPrincipal workflow, _) when facts.Exists =>
                $"an admin of the package can run: berth package access grant {package}{type} --actions {workflow.Repository} --role {Needed(action).Name()}",
            (UserPrincipal user, _) when MissingScope(user, action) is { } scope => $"use a token with the scope {scope}",
            (UserPrincipal user, _) when facts.Exists =>
                $"an admin of the package can run: berth package access grant {package}{type} --user {user.Login} --role {Needed(action).Name()}",
            _ => null,
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
