namespace Berth.Server.Access;

/// <summary>Who may have codespaces of an organization's repositories.</summary>
public enum CodespaceAccess
{
    /// <summary>Members, collaborators, and everybody else who can read the repository.</summary>
    Everyone,
    Members,
    SelectedMembers,
    Nobody,
}

/// <summary>GitHub's names for these values.</summary>
public static class CodespaceAccessNames
{
    public static string Name(this CodespaceAccess access) => access switch
    {
        CodespaceAccess.Nobody => "disabled",
        CodespaceAccess.SelectedMembers => "selected_members",
        CodespaceAccess.Members => "all_members",
        _ => "all_members_and_outside_collaborators",
    };

    /// <summary>A missing name means everyone.</summary>
    public static CodespaceAccess Parse(string? name) => name switch
    {
        "disabled" => CodespaceAccess.Nobody,
        "selected_members" => CodespaceAccess.SelectedMembers,
        "all_members" => CodespaceAccess.Members,
        _ => CodespaceAccess.Everyone,
    };
}

/// <summary>The facts that decide whether a user may have codespaces of a repository.</summary>
public sealed record CodespaceFacts
{
    public required RepositoryFacts Repository { get; init; }

    public required string UserLogin { get; init; }

    /// <summary>Whether the user can read it, by a role or by visibility.</summary>
    public bool CanRead { get; init; }

    /// <summary>The setting of the organization that owns the repository.</summary>
    public CodespaceAccess Access { get; init; }

    public bool IsMember { get; init; }

    /// <summary>Whether the user is on the organization's list of members who may.</summary>
    public bool IsSelected { get; init; }
}

public static partial class AccessRules
{
    /// <summary>Decides whether the user may have codespaces of the repository. It is asked at creation and at every start.</summary>
    public static Decision Decide(CodespaceFacts facts)
    {
        var chain = new RuleChain();
        if (!chain.Check(
            facts.CanRead, $"can read {facts.Repository.FullName}", $"{facts.UserLogin} cannot read {facts.Repository.FullName}"))
        {
            return new Decision(Allowed: false, chain.Lines, MaySee: false);
        }

        var organization = facts.Repository.OwnerLogin;
        var allowed = !facts.Repository.OwnerIsOrganization || facts.Access switch
        {
            CodespaceAccess.Nobody => chain.Refuse($"{organization} has switched codespaces off"),
            CodespaceAccess.SelectedMembers => chain.Check(
                facts is { IsMember: true, IsSelected: true },
                $"{facts.UserLogin} is among the members whom {organization} lets have codespaces",
                $"{organization} lets selected members have codespaces, and {facts.UserLogin} is not among them"),
            CodespaceAccess.Members => chain.Check(
                facts.IsMember, $"members of {organization} may have codespaces",
                $"{organization} lets its members have codespaces, and {facts.UserLogin} is none"),
            _ => chain.Check(true, $"{organization} lets everybody who can read the repository have codespaces", ""),
        };
        return new Decision(
            allowed, chain.Lines, MaySee: true, allowed ? null : chain.Reason, allowed ? null : Remedy(facts, organization));
    }

    private static string Remedy(CodespaceFacts facts, string organization) => facts switch
    {
        { Access: CodespaceAccess.SelectedMembers, IsMember: true } =>
            $"an owner can run: berth org codespaces-access add {organization} {facts.UserLogin}",
        { Access: CodespaceAccess.Nobody } => $"an owner can run: berth org codespaces-access set {organization} all_members",
        _ => $"an owner can run: berth org member set {organization} {facts.UserLogin}",
    };
}
