namespace Berth.Server.Access;

/// <content>
/// Which tags may be made, moved and taken away. Asked of whoever may push or delete already; every rule that covers the tag must allow it.
/// </content>
public static partial class AccessRules
{
    /// <param name="principal">Null: the server itself acts by a policy. Only what is immutable binds it.</param>
    public static Decision DecideTag(Principal? principal, TagFacts facts, TagChange change)
    {
        var chain = new RuleChain();
        var package = facts.Package;
        if (change.To is not null && change.From == change.To)
        {
            chain.Add(holds: true, $"the tag {change.Tag} is on that version already");
            return new Decision(Allowed: true, chain.Lines, MaySee: true);
        }

        var allowed = true;
        var others = false;
        var covering = facts.Rules.Where(rule => rule.Covers(change.Tag)).ToList();
        foreach (var rule in covering)
        {
            if (rule.Immutable)
            {
                allowed &= chain.Check(StaysPut(change), $"{rule} lets a tag be made, and keeps it", Kept(rule, change));
            }

            if (rule.Allow is { } allow && principal is not null)
            {
                var holds = allow.FirstOrDefault(one => Lets(one, principal, facts));
                others |= holds is null;
                allowed &= chain.Check(
                    holds is not null, holds is null ? "" : $"{rule} lets {Name(holds, facts, known: true)} change such tags",
                    NotAllowed(rule, allow, principal, facts));
            }
        }

        if (covering.Count == 0)
        {
            chain.Add(holds: true, $"no push rule covers the tag {change.Tag}");
        }

        return allowed
            ? new Decision(Allowed: true, chain.Lines, MaySee: true)
            : new Decision(
                Allowed: false, chain.Lines, MaySee: true, chain.Reason,
                Remedies.OfTag(package.Address with { Owner = package.Owner?.Login ?? package.Address.Owner }, change, others));
    }

    /// <summary>
    /// Whether the change leaves an immutable tag in place. A new tag has no version to keep. A tag that was removed comes back only on the
    /// version that it was on.
    /// </summary>
    private static bool StaysPut(TagChange change) => change.From is null && (change.Spent is null || change.Spent == change.To);

    private static string Kept(TagRule rule, TagChange change) =>
        change.To is null ? $"the tag {change.Tag} is on {change.From} and immutable by {rule}: it is neither moved nor deleted"
        : change.From is not null ? $"the tag {change.Tag} is immutable by {rule} and stays on {change.From}"
        : $"the tag {change.Tag} was on {change.Spent} and is immutable by {rule}: it comes back on nothing else";

    private static bool Lets(TagAllowance one, Principal principal, TagFacts facts) => principal switch
    {
        UserPrincipal =>
            (one.Role != Role.None && UserRole(facts.Package, new RuleChain()) >= one.Role)
            || (one.TeamId is { } team && facts.Teams.Contains(team)),
        WorkflowPrincipal workflow => one.RepositoryId == workflow.RepositoryId && RunFault(one, workflow) is null,
        _ => false,
    };

    /// <summary>Says why a run of the repository itself does not count.</summary>
    private static string? RunFault(TagAllowance one, WorkflowPrincipal workflow) =>
        workflow.Run is not { } run ? "a person made this workflow's token, and only a run that its CI system vouches for counts"
        : one.Ref is { } wanted && !RefPattern.Covers(wanted, run.Ref) ? $"this run is on {run.Ref ?? "no ref"}"
        : one.Environment is { } environment && environment != run.Environment
            ? $"this run is in {(run.Environment is null ? "no environment" : "the environment " + run.Environment)}"
        : null;

    private static string NotAllowed(TagRule rule, IReadOnlyList<TagAllowance> allow, Principal principal, TagFacts facts)
    {
        if (allow.Count == 0)
        {
            return $"{rule} lets nobody create, move or delete such tags";
        }

        var names = allow.Select(one => Name(one, facts, Knows(one, facts))).Distinct(StringComparer.Ordinal).ToList();
        var own = principal is WorkflowPrincipal workflow
            ? allow.Where(one => one.RepositoryId == workflow.RepositoryId).Select(one => RunFault(one, workflow)).FirstOrDefault()
            : null;
        return $"{rule} lets only {string.Join(" and ", names)} create, move or delete such tags{(own is null ? "" : $"; {own}")}";
    }

    /// <summary>
    /// Whether the caller may know the rule's details. Everybody who pushes may know that there is a rule, but not which private
    /// repositories and teams it names if the caller cannot see them.
    /// </summary>
    private static bool Knows(TagAllowance one, TagFacts facts)
    {
        var package = facts.Package;
        return package.UserIsMember || UserRole(package, new RuleChain()) == Role.Admin
            || (one.RepositoryId is { } repository
                && (repository == package.Acting?.Id || (repository == package.Linked?.Id && package.OnLinked.CanRead)));
    }

    private static string Name(TagAllowance one, TagFacts facts, bool known) =>
        one.Role != Role.None ? $"people with the role {one.Role.Name()}"
        : one.TeamId is not null ? known ? $"the team {one.Team}" : $"a team of {facts.Package.Owner?.Login}"
        : !known ? "workflows of another repository"
        : $"workflows of {one.Repository}{(one.Ref is null ? "" : $" on {one.Ref}")}"
            + (one.Environment is null ? "" : $" in the environment {one.Environment}");
}
