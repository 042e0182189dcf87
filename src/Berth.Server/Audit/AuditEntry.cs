using Berth.Server.Access;

namespace Berth.Server.Audit;

/// <summary>A recorded action, unless it changes a package. Changes of packages have records of their own.</summary>
/// <param name="Action">GitHub's name for the action where it has one: <c>team.create</c>.</param>
internal sealed record AuditEntry(string Action)
{
    /// <summary>The owner whose log contains it. Null for what concerns only the site.</summary>
    public long? OwnerId { get; init; }

    public string? Owner { get; init; }

    public long? RepositoryId { get; init; }

    public string? Repository { get; init; }

    /// <summary>Who or what it was done to: <c>user:LOGIN</c>, <c>team:SLUG</c>, <c>secret:NAME</c>, <c>token:ID</c>.</summary>
    public string? Subject { get; init; }

    /// <summary>The package that was changed or read. Tag and version say which of it.</summary>
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
