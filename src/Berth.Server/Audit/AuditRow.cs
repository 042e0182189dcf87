using System.Globalization;
using Berth.Client.Wire;

namespace Berth.Server.Audit;

/// <summary>A stored entry of the log, from either table.</summary>
internal sealed record AuditRow
{
    public long Id { get; init; }

    public long At { get; init; }

    public string Kind { get; init; } = "";

    /// <summary>0: an entry that a package recorded.</summary>
    public int Source { get; init; }

    public long? OwnerId { get; init; }

    public string? Owner { get; init; }

    public string Actor { get; init; } = "";

    public string? ActorName { get; init; }

    public long? TokenId { get; init; }

    public string? Address { get; init; }

    public string? RequestId { get; init; }

    public string? Run { get; init; }

    public string? Ref { get; init; }

    public string? CommitId { get; init; }

    public string? Environment { get; init; }

    public string? Type { get; init; }

    public string? Name { get; init; }

    public string? Version { get; init; }

    public string? Tag { get; init; }

    public string? Subject { get; init; }

    public string? OldValue { get; init; }

    public string? NewValue { get; init; }

    public long? RepositoryId { get; init; }

    public string? Repository { get; init; }

    public AuditPlace Place => new(At, Source, Id);

    public AuditLogEntry ToWire() => new()
    {
        Timestamp = At,
        DocumentId = string.Create(CultureInfo.InvariantCulture, $"{(Source == 0 ? 'p' : 'a')}{Id}"),
        Action = Source == 0 ? AuditTable.ActionOf(Kind) : Kind,
        Actor = ActorName ?? Actor,
        ActorId = Actor.StartsWith("user:", StringComparison.Ordinal) && long.TryParse(Actor.AsSpan(5), out var id) ? id : null,
        ActorKind = Actor.Split(':')[0],
        ActorIp = Address,
        TokenId = TokenId,
        RequestId = RequestId,
        CreatedAt = At,
        Org = Owner,
        OrgId = OwnerId,
        Repo = Repository,
        RepoId = RepositoryId,
        User = Of("user:"),
        Team = Of("team:"),
        Subject = Subject,
        Package = Name,
        PackageType = Type,
        Version = Version,
        Tag = Tag,
        Old = OldValue,
        New = NewValue,
        Run = Run,
        Ref = Ref,
        Commit = CommitId,
        Environment = Environment,
    };

    private string? Of(string kind) =>
        Subject is not null && Subject.StartsWith(kind, StringComparison.Ordinal) ? Subject[kind.Length..] : null;
}
