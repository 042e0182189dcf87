namespace Berth.Server.Access;

/// <summary>
/// The rules of access to packages, as functions of facts, without a database, a request or a clock. Every question "may they?" is decided
/// here.
/// </summary>
public static partial class AccessRules
{
    public static Decision Decide(Principal principal, PackageAction action, PackageFacts facts, Visibility createAs = Visibility.Private)
    {
        var chain = new RuleChain();
        var allowed = Allows(principal, action, facts, createAs, chain);
        var maySee = (allowed && action is PackageAction.Pull)
            || Allows(principal, PackageAction.Pull, facts, createAs, new RuleChain())
            || (!facts.Exists && (OwnsName(principal, facts) || Allows(principal, PackageAction.Push, facts, createAs, new RuleChain())));
        if (allowed)
        {
            return new Decision(Allowed: true, chain.Lines, maySee);
        }

        if (PolicyRefusal(principal, facts) is { } policy)
        {
            return new Decision(
                Allowed: false, maySee ? chain.Lines : [new RuleLine(Holds: false, policy)], maySee, policy,
                Remedies.OfPolicy(facts.Owner!));
        }

        // A codespace's creator may know more than the codespace may do, since the log of a refused start is written for the creator. That
        // a codespace's token never publishes is true of every package, so saying it reveals nothing.
        var mayKnow = maySee || (principal is CodespacePrincipal
            && (action != PackageAction.Pull || UserRole(facts, new RuleChain()) >= Role.Read));
        return mayKnow
            ? new Decision(Allowed: false, chain.Lines, maySee, chain.Reason, Remedies.For(principal, action, facts))
            : new Decision(Allowed: false, chain.Lines, maySee, Remedy: Remedies.IfItExists(principal, action, facts.Address));
    }

    /// <summary>The highest of all roles that a person has on a package. A token's scopes limit it later.</summary>
    public static Role UserRole(PackageFacts facts, RuleChain chain)
    {
        var role = Role.None;
        void Give(bool holds, Role given, string rule)
        {
            chain.Add(holds, rule);
            role = holds && given > role ? given : role;
        }

        if (facts.Owner is null)
        {
            return Role.None;
        }

        Give(
            facts.UserOwnsNamespace, Role.Admin,
            facts.Owner.IsOrganization ? $"owners of {facts.Owner.Login} are admin" : $"{facts.Owner.Login} owns it: admin");
        if (!facts.Exists)
        {
            return role;
        }

        foreach (var grant in facts.Grants)
        {
            Give(RoleNames.TryParse(grant.Role, out var granted), granted, $"{grant.Source} is granted {grant.Role}");
        }

        if (facts is { Inherits: true, Linked: not null })
        {
            foreach (var named in facts.OnLinked.Named)
            {
                var inherited = RoleNames.OfRepository(named.Role);
                Give(
                    inherited != Role.None, inherited,
                    $"inherits {inherited.Name()} from {facts.Linked.FullName}, where {named.Source} has {named.Role}");
            }
        }

        Give(
            facts is { Visibility: Visibility.Internal, UserIsMember: true }, Role.Read,
            $"members of {facts.Owner.Login} read internal packages");
        Give(facts.Visibility == Visibility.Public, Role.Read, "everyone reads public packages");
        return role;
    }

    private static bool Allows(Principal principal, PackageAction action, PackageFacts facts, Visibility createAs, RuleChain chain) =>
        principal switch
        {
            UserPrincipal user => UserMay(user, action, facts, createAs, chain),
            WorkflowPrincipal workflow => WorkflowMay(workflow, action, facts, chain),
            CodespacePrincipal => CodespaceMay(action, facts, chain),
            _ => AnonymousMay(action, facts, chain),
        };

    /// <summary>Owners read everything in their namespace, so they may also know which packages do not exist.</summary>
    private static bool OwnsName(Principal principal, PackageFacts facts) =>
        facts is { UserOwnsNamespace: true, Owner: not null }
        && principal is UserPrincipal { Scopes.ReadsPackages: true } user && user.Patterns.Cover(facts.Owner.Login, facts.Address.Name)
        && PolicyFault(user, facts.Owner) is null;

    private static bool AnonymousMay(PackageAction action, PackageFacts facts, RuleChain chain) =>
        action == PackageAction.Pull
            ? chain.Check(
                facts is { Exists: true, Visibility: Visibility.Public }, "anyone reads public packages",
                "it is not public, and nobody is signed in")
            : chain.Refuse("nobody is signed in");

    private static bool UserMay(UserPrincipal user, PackageAction action, PackageFacts facts, Visibility createAs, RuleChain chain)
    {
        // Neither scopes nor patterns limit what anonymous callers can read too.
        if (action == PackageAction.Pull && facts is { Exists: true, Visibility: Visibility.Public })
        {
            return chain.Check(true, "anyone reads public packages", "");
        }

        var role = UserRole(facts, chain);
        if (facts.Owner is null || !user.Patterns.Cover(facts.Owner.Login, facts.Address.Name))
        {
            return chain.Refuse(
                facts.Owner is null ? "there is no such account" : $"the token covers {string.Join(", ", user.Patterns.Patterns)} only");
        }

        if (PolicyFault(user, facts.Owner) is { } fault)
        {
            return chain.Refuse(fault);
        }

        return action switch
        {
            PackageAction.Pull => facts.Exists && RoleAndScope(role, Role.Read, user.Scopes.ReadsPackages, "read:packages", chain),
            PackageAction.Push when !facts.Exists => UserMayCreate(user, facts, createAs, chain),
            PackageAction.Push => RoleAndScope(role, Role.Write, user.Scopes.WritesPackages, "write:packages", chain),
            // If nothing was published under the name, all that can be deleted is what the caller uploaded.
            PackageAction.Delete => (facts.Exists || UserMayCreate(user, facts, createAs, chain))
                && RoleAndScope(facts.Exists ? role : Role.Admin, Role.Admin, user.Scopes.DeletesPackages, "delete:packages", chain),
            _ => (facts.Exists || UserMayCreate(user, facts, createAs, chain))
                && RoleAndScope(facts.Exists ? role : Role.Admin, Role.Admin, user.Scopes.WritesPackages, "write:packages", chain),
        };
    }

    private static bool RoleAndScope(Role role, Role needed, bool scoped, string scope, RuleChain chain) =>
        chain.Check(role >= needed, $"has the role {role.Name()}", $"needs the role {needed.Name()}, has {role.Name()}")
        && chain.Check(scoped, $"the token has {scope}", $"the token lacks the scope {scope}");

    private static bool UserMayCreate(UserPrincipal user, PackageFacts facts, Visibility createAs, RuleChain chain)
    {
        var owner = facts.Owner!;
        var mayCreate = facts.UserOwnsNamespace
            ? chain.Check(true, $"owners create packages anywhere in {owner.Login}", "")
            : owner.IsOrganization && facts.UserIsMember
                ? chain.Check(
                    owner.MembersCanCreate(createAs),
                    $"members of {owner.Login} may create {createAs.Name()} packages",
                    $"the settings of {owner.Login} do not let members create {createAs.Name()} packages")
                : chain.Refuse($"only {(owner.IsOrganization ? "members" : "the owner")} of {owner.Login} may create packages there");
        var keepsName = facts.NameKeeper is not { } keeper
            || chain.Check(
                facts.OnNameKeeper.NamedRole >= Role.Write,
                $"may write to {keeper.FullName}, for which the name is kept",
                $"the name is kept for those who may write to the repository {keeper.FullName}");
        return mayCreate && keepsName
            && chain.Check(user.Scopes.WritesPackages, "the token has write:packages", "the token lacks the scope write:packages");
    }

    private static bool WorkflowMay(WorkflowPrincipal workflow, PackageAction action, PackageFacts facts, RuleChain chain)
    {
        var listed = facts.ActionsRole < workflow.Cap ? facts.ActionsRole : workflow.Cap;
        return action switch
        {
            PackageAction.Pull => facts.Exists && WorkflowMayPull(facts, listed, chain),
            PackageAction.Push when !facts.Exists => WorkflowMayCreate(workflow, facts, chain),
            PackageAction.Push => WritePermission(workflow, chain)
                && (Linked(facts, chain)
                    || chain.Check(
                        listed >= Role.Write, $"{workflow.Repository} is on the Actions list with {listed.Name()}",
                        NotListed(workflow.Repository, "Actions", "write"))),
            PackageAction.Delete => facts.Exists && WritePermission(workflow, chain)
                && chain.Check(
                    listed >= Role.Admin, $"{workflow.Repository} is on the Actions list with admin",
                    NotListed(workflow.Repository, "Actions", "admin")),
            _ => chain.Refuse("workflows do not change a package's settings"),
        };
    }

    private static bool WorkflowMayPull(PackageFacts facts, Role listed, RuleChain chain) =>
        chain.Try(facts.Visibility == Visibility.Public, "anyone reads public packages")
        || Linked(facts, chain)
        || chain.Try(listed >= Role.Read, "the repository is on the package's Actions list")
        || InternalTo(facts, chain)
        || chain.Refuse(NotListed(facts.Acting?.FullName, "Actions", "read"));

    private static bool WorkflowMayCreate(WorkflowPrincipal workflow, PackageFacts facts, RuleChain chain) =>
        WritePermission(workflow, chain)
        && chain.Check(
            facts.Owner is not null && facts.Acting?.OwnerId == facts.Owner.Id,
            "workflows create packages in the namespace of their repository's owner",
            $"a workflow of {workflow.Repository} may create packages only in its owner's namespace")
        && chain.Check(
            !facts.Owner!.IsOrganization || facts.Owner.WorkflowsCanCreatePackages,
            $"workflows may create packages in {facts.Owner.Login}",
            $"the settings of {facts.Owner.Login} do not let workflows create packages")
        && (facts.NameKeeper is not { } keeper || keeper.Id == facts.Acting!.Id
            || chain.Refuse($"the name is kept for the repository {keeper.FullName}"));

    private static bool WritePermission(WorkflowPrincipal workflow, RuleChain chain) =>
        chain.Check(workflow.Packages >= Role.Write, "the workflow has packages: write", "the workflow's token lacks packages: write");

    private static bool CodespaceMay(PackageAction action, PackageFacts facts, RuleChain chain)
    {
        if (action != PackageAction.Pull)
        {
            return chain.Refuse(
                "a codespace's own token never publishes; use your own token with write:packages, or better, CI with a workflow token");
        }

        if (facts.Acting is not { } repository || !chain.Check(
            facts.OnActing.CanRead, $"the codespace's creator can read {repository.FullName}",
            "the codespace's creator can no longer read its repository"))
        {
            return chain.Refuse("the codespace's creator can no longer read its repository");
        }

        if (!facts.Exists)
        {
            return chain.Refuse("there is no such package");
        }

        return chain.Try(facts.Visibility == Visibility.Public, "anyone reads public packages")
            || (Linked(facts, chain) && chain.Check(
                repository.Openness <= facts.Visibility,
                $"{repository.FullName} is no more open than the package",
                $"{repository.FullName} is {repository.Openness.Name()}, more open than the {facts.Visibility.Name()} package"))
            || CodespacesList(facts, repository, chain)
            || InternalTo(facts, chain)
            || Permitted(facts, repository, chain)
            || chain.Refuse(chain.Reason ?? NotListed(repository.FullName, "Codespaces", null));
    }

    private static bool CodespacesList(PackageFacts facts, RepositoryFacts repository, RuleChain chain)
    {
        if (!chain.Try(facts.OnCodespacesList, $"{repository.FullName} is on the package's Codespaces list"))
        {
            return false;
        }

        return repository.Openness <= facts.Visibility || chain.Check(
            facts.OnActing.NamedRole >= Role.Read || facts.UserIsMember || UserRole(facts, new RuleChain()) >= Role.Read,
            "the creator has a named role on the repository, belongs to the owning organization, or reads the package",
            $"{repository.FullName} is more open than the package, and the creator has no named role on it, no membership "
                + $"in {facts.Owner?.Login} and no read on the package");
    }

    /// <summary>
    /// The rule of <c>customizations.codespaces.repositories</c>: a codespace may read packages that belong to another repository of the
    /// same owner, if its creator can read that repository and has permitted it to codespaces of this one. The permission covers only what
    /// belongs to that repository, not packages that need an entry in a list or are open only by visibility.
    /// </summary>
    private static bool Permitted(PackageFacts facts, RepositoryFacts repository, RuleChain chain) =>
        facts is { LinkedAsked: true, Inherits: true, Linked: { } linked } && linked.OwnerId == repository.OwnerId
        && chain.Check(
            facts.OnLinked.CanRead, $"the codespace's creator can read {linked.FullName}",
            $"the codespace's creator cannot read {linked.FullName}")
        && chain.Check(
            facts.LinkedPermitted,
            $"the codespace's creator lets codespaces of {repository.FullName} read the packages of {linked.FullName}",
            $"{repository.FullName} asks to read the packages of {linked.FullName}, and the codespace's creator has not allowed it")
        && chain.Check(
            linked.Openness <= facts.Visibility,
            $"{linked.FullName} is no more open than the package",
            $"{linked.FullName} is {linked.Openness.Name()}, more open than the {facts.Visibility.Name()} package");

    private static bool Linked(PackageFacts facts, RuleChain chain) =>
        chain.Try(
            facts is { LinkedToActing: true, Inherits: true },
            facts is { LinkedToActing: true, Inherits: false }
                ? $"it is linked to {facts.Linked!.FullName} but does not inherit its access"
                : $"it is linked to {facts.Acting?.FullName} and inherits its access");

    private static bool InternalTo(PackageFacts facts, RuleChain chain) =>
        chain.Try(
            facts is { Visibility: Visibility.Internal, Owner.IsOrganization: true, Acting: not null }
                && facts.Acting.OwnerId == facts.Owner.Id && facts.Acting.Openness != Visibility.Public,
            "internal packages are read from the organization's repositories that are not public");

    private static string NotListed(string? repository, string list, string? role) =>
        $"{repository ?? "the repository"} is neither linked to it with inherited access nor on "
            + $"its {list} list{(role is null ? "" : $" with {role}")}";
}

/// <summary>Collects the rules in the order in which they are checked, and the first one that refused.</summary>
public sealed class RuleChain
{
    private readonly List<RuleLine> _lines = [];

    public IReadOnlyList<RuleLine> Lines => _lines;

    public string? Reason { get; private set; }

    public void Add(bool holds, string rule) => _lines.Add(new RuleLine(holds, rule));

    /// <summary>Records one of several alternatives. If it does not hold, another may.</summary>
    public bool Try(bool holds, string rule)
    {
        Add(holds, rule);
        return holds;
    }

    /// <summary>Records a condition that must hold.</summary>
    public bool Check(bool holds, string rule, string refusal)
    {
        Add(holds, holds ? rule : refusal);
        Reason = holds ? Reason : Reason ?? refusal;
        return holds;
    }

    public bool Refuse(string reason)
    {
        if (Reason is null)
        {
            Add(holds: false, reason);
            Reason = reason;
        }

        return false;
    }
}
