namespace Berth.Server.Trusts;

/// <summary>
/// How a CI system writes its ID tokens: its issuer, which claims are ids that are never given to anybody else, and the names of its claims
/// for run, ref and commit.
/// </summary>
internal sealed record CiProvider
{
    private static readonly CiProvider GitHub = new()
    {
        Name = "github",
        Issuer = "https://token.actions.githubusercontent.com",
        RepositoryClaim = "repository_id",
        OwnerClaim = "repository_owner_id",
        OtherIds = ["enterprise_id"],
        Run = ["run_id"],
        Ref = "ref",
        Commit = ["sha"],
        Environment = "environment",
        Event = "event_name",
    };

    private static readonly CiProvider[] All =
    [
        GitHub,
        new()
        {
            Name = "gitlab",
            Issuer = "https://gitlab.com",
            RepositoryClaim = "project_id",
            OwnerClaim = "namespace_id",
            Run = ["pipeline_id"],
            Ref = "ref_path",
            Branch = "ref",
            Tag = "ref",
            RefType = "ref_type",
            Commit = ["sha"],
            Environment = "environment",
            Event = "pipeline_source",
        },
        GitHub with { Name = "forgejo", Issuer = null, OtherIds = [] },
        GitHub with { Name = "gitea", Issuer = null, OtherIds = [] },
        new()
        {
            Name = "buildkite",
            Issuer = "https://agent.buildkite.com",
            RepositoryClaim = "pipeline_id",
            OwnerClaim = "organization_id",
            OtherIds = ["cluster_id", "queue_id"],
            Run = ["build_id", "build_number"],
            Branch = "build_branch",
            Tag = "build_tag",
            Commit = ["build_commit"],
            Event = "build_source",
        },
        new()
        {
            Name = "circleci",
            RepositoryClaim = "oidc.circleci.com/project-id",
            // The issuer contains the organization's id.
            OwnerClaim = "iss",
            Run = ["oidc.circleci.com/workflow-id", "oidc.circleci.com/job-id"],
            Ref = "oidc.circleci.com/vcs-ref",
        },
        GitHub with { Name = "other", Issuer = null, RepositoryClaim = null, OwnerClaim = null, OtherIds = [], TakesAnyId = true },
    ];

    /// <summary>Claims that contain names. A name can be given up and taken by somebody else, so no trust may rely on it.</summary>
    private static readonly string[] Names =
    [
        "sub", "aud", "repository", "repository_owner", "project_path", "namespace_path", "user_login", "user_email", "actor", "workflow",
        "workflow_ref", "job_workflow_ref", "organization_slug", "pipeline_slug", "ref", "ref_path", "head_ref", "base_ref", "environment",
        "oidc.circleci.com/vcs-origin", "oidc.circleci.com/vcs-ref", "jti", "email", "name", "preferred_username",
    ];

    public required string Name { get; init; }

    /// <summary>Null: every installation has its own.</summary>
    public string? Issuer { get; private init; }

    /// <summary>The claim with the id of the repository or project. Null when the person must name it.</summary>
    public string? RepositoryClaim { get; private init; }

    /// <summary>The claim with the id of the owner or group.</summary>
    public string? OwnerClaim { get; private init; }

    private string[] OtherIds { get; init; } = [];

    private bool TakesAnyId { get; init; }

    private string[] Run { get; init; } = [];

    /// <summary>The claim with a full ref, <c>refs/heads/main</c>.</summary>
    private string? Ref { get; init; }

    private string? Branch { get; init; }

    private string? Tag { get; init; }

    /// <summary>The claim that says whether <see cref="Branch"/> or <see cref="Tag"/> is meant, if both are the same claim.</summary>
    private string? RefType { get; init; }

    private string[] Commit { get; init; } = [];

    private string? Environment { get; init; }

    private string? Event { get; init; }

    public static CiProvider? Find(string name) => Array.Find(All, one => one.Name == name);

    /// <summary>Null when the claim is an id that may be trusted. Otherwise the reason why not.</summary>
    public string? FaultOf(string claim) =>
        TakesAnyId
            ? Names.Contains(claim, StringComparer.Ordinal)
                ? $"{claim} is a name, which can be given up and taken by somebody else; trust an id that stays"
                : null
            : claim == RepositoryClaim || claim == OwnerClaim || OtherIds.Contains(claim, StringComparer.Ordinal)
                ? null
                : $"of {Name} only these ids can be trusted: {string.Join(", ", (string?[])[RepositoryClaim, OwnerClaim, .. OtherIds])}";

    /// <summary>The run that the token was made for, as the token describes it.</summary>
    public Access.VerifiedRun RunOf(IdentityClaims claims) => new(
        FirstOf(Run, claims), RefOf(claims), FirstOf(Commit, claims), Text(Environment, claims), Text(Event, claims));

    private string? RefOf(IdentityClaims claims)
    {
        if (Text(Ref, claims) is { } whole)
        {
            return whole;
        }

        var kind = Text(RefType, claims);
        return kind is null or "tag" && Text(Tag, claims) is { } tag ? "refs/tags/" + tag
            : kind is null or "branch" && Text(Branch, claims) is { } branch ? "refs/heads/" + branch
            : null;
    }

    private static string? FirstOf(string[] names, IdentityClaims claims) =>
        names.Select(name => Text(name, claims)).FirstOrDefault(text => text is not null);

    private static string? Text(string? name, IdentityClaims claims) =>
        name is not null && claims[name] is { Length: > 0 } text ? text : null;
}
