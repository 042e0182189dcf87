namespace Berth.Server.Access;

/// <summary>
/// Who a request acts as. It is built only from a verified token. It is a value: principals that differ in anything are different, so that
/// an answer cached for one is never given to another.
/// </summary>
public abstract record Principal
{
    public static readonly Principal Anonymous = new AnonymousPrincipal();

    /// <summary>
    /// A stable text for rows, such as who pushed or whose pending uploads they are. Two principals may share one, so it does not identify
    /// a principal.
    /// </summary>
    public abstract string Key { get; }

    /// <summary>
    /// A description for people: <c>signed in as ada with read:packages</c>. It contains nothing that the caller does not know already.
    /// </summary>
    public abstract string Describe();
}

public sealed record AnonymousPrincipal : Principal
{
    public override string Key => "anonymous";

    public override string Describe() => "not signed in";
}

/// <summary>A person with a personal access token, or with a session, which no scopes limit.</summary>
public sealed record UserPrincipal(long UserId, string Login, bool SiteAdmin, Scopes Scopes, PackagePatterns Patterns, long? TokenId)
    : Principal
{
    /// <summary>The time from the token's creation to its end. Null: it never ends.</summary>
    public TimeSpan? TokenLife { get; init; }

    public override string Key => $"user:{UserId}";

    public override string Describe() => $"signed in as {Login} with {Scopes.Describe()}{Patterns.Describe()}";
}

/// <summary>A workflow of a repository.</summary>
/// <param name="Packages">The token's <c>packages</c> permission: <see cref="Role.Read"/> or <see cref="Role.Write"/>.</param>
/// <param name="Cap">The most that a list entry may count as: write for a token that a user minted, admin for an exchanged one.</param>
public sealed record WorkflowPrincipal(long RepositoryId, string Repository, Role Packages, Role Cap, long TokenId) : Principal
{
    /// <summary>The run, if a CI system confirmed it. What a person says about a run satisfies no rule, so it is null then.</summary>
    public VerifiedRun? Run { get; init; }

    public override string Key => $"workflow:{RepositoryId}";

    public override string Describe() => $"signed in as a workflow of {Repository} with packages: {Packages.Name()}";
}

/// <summary>The run of a workflow, as its CI system signed it. What that system does not say is null.</summary>
/// <param name="Ref">The full name: <c>refs/heads/main</c>.</param>
public sealed record VerifiedRun(string? Id, string? Ref, string? Commit, string? Environment, string? Event);

/// <summary>A codespace, with its repository and the user who created it.</summary>
/// <param name="CodespaceId">Null: a codespace that does not exist. The question is then what a codespace of that repository and user would
/// get.</param>
public sealed record CodespacePrincipal(
    long? CodespaceId, string Name, long RepositoryId, string Repository, long UserId, string UserLogin, long TokenId)
    : Principal
{
    /// <summary>
    /// Whether the codespace makes a prebuild. Anybody's codespace may begin with a prebuild, so one person's own rights and secrets are
    /// left out.
    /// </summary>
    public bool IsPrebuild { get; init; }

    /// <summary>The repositories whose packages its configuration asks for. Null: those that were stored when it was read.</summary>
    public RepositoryIds? AsksFor { get; init; }

    public override string Key => CodespaceId is { } id ? $"codespace:{id}" : $"codespace:{RepositoryId}:{UserId}";

    public override string Describe() => $"signed in as codespace {Name} of {Repository}, created by {UserLogin}";
}

/// <summary>A set of repositories as a value: two lists with the same ids are equal.</summary>
public sealed class RepositoryIds(IEnumerable<long> ids) : IEquatable<RepositoryIds>
{
    private readonly HashSet<long> _ids = [.. ids];

    public bool Contains(long id) => _ids.Contains(id);

    public bool Equals(RepositoryIds? other) => other is not null && _ids.SetEquals(other._ids);

    public override bool Equals(object? obj) => Equals(obj as RepositoryIds);

    public override int GetHashCode() => _ids.Aggregate(0, (hash, id) => hash ^ id.GetHashCode());
}
