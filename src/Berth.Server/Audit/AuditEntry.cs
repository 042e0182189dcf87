using Berth.Server.Access;

namespace Berth.Server.Audit;

/// <summary>One thing that somebody did which is no change of a package; those have records of their own.</summary>
/// <param name="Action">GitHub's name for the action where it has one: <c>team.create</c>.</param>
internal sealed record AuditEntry(string Action)
{
    /// <summary>Whose log it stands in; null for what concerns the site alone.</summary>
    public long? OwnerId { get; init; }

    public string? Owner { get; init; }

    public long? RepositoryId { get; init; }

    public string? Repository { get; init; }

    /// <summary>Whom or what it was done to: <c>user:LOGIN</c>, <c>team:SLUG</c>, <c>secret:NAME</c>, <c>token:ID</c>.</summary>
    public string? Subject { get; init; }

    /// <summary>The package that it was done to, or that was read, and which tag and version of it.</summary>
    public PackageAddress? Package { get; init; }

    public string? Tag { get; init; }

    public string? Version { get; init; }

    public string? Old { get; init; }

    public string? New { get; init; }

    public static AuditEntry In(OwnerFacts owner, string action, string? subject = null) => In(owner.Id, owner.Login, action, subject);

    public static AuditEntry In(long ownerId, string owner, string action, string? subject = null) =>
        new(action) { OwnerId = ownerId, Owner = owner, Subject = subject };

    public static AuditEntry On(RepositoryFacts repository, string action, string? subject = null) => new(action)
    {
        OwnerId = repository.OwnerId,
        Owner = repository.OwnerLogin,
        RepositoryId = repository.Id,
        Repository = repository.FullName,
        Subject = subject,
    };

    public static string User(string login) => "user:" + login;

    public static string Team(string slug) => "team:" + slug;
}
