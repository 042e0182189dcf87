using Berth.Server.Access;

namespace Berth.Server.Authentication;

/// <summary>A stored token with everything that is needed to act as its principal.</summary>
internal sealed record TokenRow
{
    public long Id { get; init; }

    public string Kind { get; init; } = "";

    public byte[] Hash { get; init; } = [];

    public long? UserId { get; init; }

    public string? Login { get; init; }

    public bool SiteAdmin { get; init; }

    public long? RepositoryId { get; init; }

    public string? Repository { get; init; }

    public long? CodespaceId { get; init; }

    public string? Codespace { get; init; }

    public string Scopes { get; init; } = "";

    public string? Patterns { get; init; }

    public string? Packages { get; init; }

    /// <summary>
    /// For a workflow token: the trust by which an ID token was exchanged for it. If there is one, the run and the fields below are
    /// verified.
    /// </summary>
    public long? TrustId { get; init; }

    public string? Run { get; init; }

    public string? Ref { get; init; }

    public string? CommitId { get; init; }

    public string? Environment { get; init; }

    public string? Event { get; init; }

    public DateTimeOffset CreatedAt { get; init; }

    public DateTimeOffset? ExpiresAt { get; init; }

    public DateTimeOffset? MinterExpiresAt { get; init; }

    public DateTimeOffset? LastUsedAt { get; init; }

    /// <summary>
    /// For a workflow token: its minter may no longer write to the repository. For a codespace token: its creator may no longer read it.
    /// </summary>
    public bool UserLostRole { get; init; }

    public bool ExpiredAt(DateTimeOffset now) => ExpiresAt <= now || MinterExpiresAt <= now;

    /// <summary>Null when what the token stands for is gone.</summary>
    public Principal? ToPrincipal() => UserLostRole ? null : Kind switch
    {
        "personal" when UserId is { } user && Login is not null =>
            new UserPrincipal(user, Login, SiteAdmin, Access.Scopes.Parse(Scopes), PackagePatterns.Parse(Patterns), Id)
            {
                TokenLife = ExpiresAt - CreatedAt,
            },
        "workflow" when RepositoryId is { } repository && Repository is not null && TrustId is not null =>
            new WorkflowPrincipal(repository, Repository, Packages == "write" ? Role.Write : Role.Read, Role.Admin, Id)
            {
                Run = new VerifiedRun(Run, Ref, CommitId, Environment, Event),
            },
        // A user minted it, so its list entries count as write at most (design of workflow tokens).
        "workflow" when RepositoryId is { } repository && Repository is not null && UserId is not null =>
            new WorkflowPrincipal(repository, Repository, Packages == "write" ? Role.Write : Role.Read, Role.Write, Id),
        "codespace" when RepositoryId is { } repository && Repository is not null && UserId is { } user && Login is not null
            && CodespaceId is { } codespace && Codespace is not null =>
            new CodespacePrincipal(codespace, Codespace, repository, Repository, user, Login, Id),
        _ => null,
    };
}

/// <summary>A personal token for its owner.</summary>
internal sealed record PersonalTokenRow
{
    public long Id { get; init; }

    public string? Note { get; init; }

    public string Scopes { get; init; } = "";

    public string? Patterns { get; init; }

    public DateTimeOffset CreatedAt { get; init; }

    public DateTimeOffset? ExpiresAt { get; init; }

    public DateTimeOffset? LastUsedAt { get; init; }
}

/// <summary>A token to store.</summary>
internal sealed record NewTokenRow
{
    public required string Kind { get; init; }

    public required byte[] Hash { get; init; }

    public long? UserId { get; init; }

    public long? RepositoryId { get; init; }

    public long? CodespaceId { get; init; }

    public long? MinterTokenId { get; init; }

    public string? Note { get; init; }

    public string Scopes { get; init; } = "";

    public string? Patterns { get; init; }

    public string? Packages { get; init; }

    public string? Run { get; init; }

    public string? Ref { get; init; }

    public long? TrustId { get; init; }

    public string? CommitId { get; init; }

    public string? Environment { get; init; }

    public string? Event { get; init; }

    public required DateTimeOffset CreatedAt { get; init; }

    public DateTimeOffset? ExpiresAt { get; init; }
}
