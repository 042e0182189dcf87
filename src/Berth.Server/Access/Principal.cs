namespace Berth.Server.Access;

/// <summary>
/// Who a request acts as. Built from a verified token and nothing else. A value: two that differ in anything are two, and what is
/// remembered about one is never told about another.
/// </summary>
public abstract record Principal
{
    public static readonly Principal Anonymous = new AnonymousPrincipal();

    /// <summary>
    /// Stable text for rows: whose pending uploads these are, who pushed. Two principals may share one; it identifies none.
    /// </summary>
    public abstract string Key { get; }

    /// <summary>For people: <c>signed in as ada with read:packages</c>. Says nothing that the caller does not know already.</summary>
    public abstract string Describe();
}

public sealed record AnonymousPrincipal : Principal
{
    public override string Key => "anonymous";

    public override string Describe() => "not signed in";
}

/// <summary>A person, through a personal access token (or a session, which has no scopes to cap it).</summary>
public sealed record UserPrincipal(long UserId, string Login, bool SiteAdmin, Scopes Scopes, PackagePatterns Patterns, long? TokenId)
    : Principal
{
    /// <summary>From when the token was made to when it ends; null where it never ends.</summary>
    public TimeSpan? TokenLife { get; init; }

    public override string Key => $"user:{UserId}";

    public override string Describe() => $"signed in as {Login} with {Scopes.Describe()}{Patterns.Describe()}";
}

/// <summary>A workflow of a repository.</summary>
/// <param name="Packages">The token's <c>packages</c> permission: <see cref="Role.Read"/> or <see cref="Role.Write"/>.</param>
/// <param name="Cap">The most that a list entry may count as: write for a token that a user minted, admin for an exchanged one.</param>
public sealed record WorkflowPrincipal(long RepositoryId, string Repository, Role Packages, Role Cap, long TokenId) : Principal
{
    /// <summary>Null unless a CI system vouched for it: what a person's remarks say satisfies no rule.</summary>
    public VerifiedRun? Run { get; init; }

    public override string Key => $"workflow:{RepositoryId}";

    public override string Describe() => $"signed in as a workflow of {Repository} with packages: {Packages.Name()}";
}

/// <summary>The run of a workflow, as the CI system that runs it signed it. What that system does not say is null.</summary>
/// <param name="Ref">The full name: <c>refs/heads/main</c>.</param>
public sealed record VerifiedRun(string? Id, string? Ref, string? Commit, string? Environment, string? Event);

/// <summary>A codespace: a repository, and the user who created it.</summary>
/// <param name="CodespaceId">Null: a codespace that does not exist. The question is then what a codespace of that repository and user would
/// get.</param>
public sealed record CodespacePrincipal(
    long? CodespaceId, string Name, long RepositoryId, string Repository, long UserId, string UserLogin, long TokenId)
    : Principal
{
    /// <summary>Anybody's codespace may begin with a prebuild, so nothing that is one person's own comes into it.</summary>
    public bool IsPrebuild { get; init; }

    /// <summary>The repositories whose packages its configuration asks for; null: those that were stored when it was read.</summary>
    public RepositoryIds? AsksFor { get; init; }

    public override string Key => CodespaceId is { } id ? $"codespace:{id}" : $"codespace:{RepositoryId}:{UserId}";

    public override string Describe() => $"signed in as codespace {Name} of {Repository}, created by {UserLogin}";
}

/// <summary>Some repositories, as a value: two lists of the same ids are equal.</summary>
public sealed class RepositoryIds(IEnumerable<long> ids) : IEquatable<RepositoryIds>
{
    private readonly HashSet<long> _ids = [.. ids];

    public bool Contains(long id) => _ids.Contains(id);

    public bool Equals(RepositoryIds? other) => other is not null && _ids.SetEquals(other._ids);

    public override bool Equals(object? obj) => Equals(obj as RepositoryIds);

    public override int GetHashCode() => _ids.Aggregate(0, (hash, id) => hash ^ id.GetHashCode());
}
