using Berth.Client.Wire;
using Berth.Server.Access;

namespace Berth.Server.Trusts;

/// <summary>A stored trust. It says whose ID tokens stand for workflows of which repository.</summary>
internal sealed record Trust
{
    public long Id { get; init; }

    public long OwnerId { get; init; }

    public string OwnerLogin { get; init; } = "";

    /// <summary>Null: the owner's repository whose <c>external_id</c> the token names.</summary>
    public long? RepositoryId { get; init; }

    public string? RepositoryName { get; init; }

    public string Provider { get; init; } = "";

    public string Issuer { get; init; } = "";

    public string Audience { get; init; } = "";

    public string Claim { get; init; } = "";

    public string Value { get; init; } = "";

    public string? RepositoryClaim { get; init; }

    public string? Ref { get; init; }

    public string? Environment { get; init; }

    public string? Event { get; init; }

    /// <summary><c>read</c> or <c>write</c>.</summary>
    public string Packages { get; init; } = "";

    /// <summary>A login.</summary>
    public string CreatedBy { get; init; } = "";

    public DateTimeOffset CreatedAt { get; init; }

    public Role Gives => Packages == "write" ? Role.Write : Role.Read;

    public CiProvider Ci =>
        CiProvider.Find(Provider) ?? throw new InvalidOperationException($"trust {Id} is of a provider that is not known: {Provider}");

    /// <summary>Whether it accepts the same tokens, in the same place.</summary>
    public bool Trusts(Trust other) =>
        (Issuer, Audience, Claim, Value, RepositoryClaim, Ref, Environment, Event)
            == (other.Issuer, other.Audience, other.Claim, other.Value, other.RepositoryClaim, other.Ref, other.Environment, other.Event);

    /// <summary>One line for the audit log.</summary>
    public string Describe() =>
        $"{Issuer} {Claim}={Value} for {Audience}: packages {Packages}" + (Ref is null ? "" : $", {Ref}")
            + (Environment is null ? "" : $", environment {Environment}") + (Event is null ? "" : $", event {Event}");

    public OidcTrust ToWire() => new()
    {
        Id = Id,
        Organization = RepositoryId is null ? OwnerLogin : null,
        Repository = RepositoryName is null ? null : $"{OwnerLogin}/{RepositoryName}",
        Provider = Provider,
        Issuer = Issuer,
        Audience = Audience,
        Claim = Claim,
        Value = Value,
        RepositoryClaim = RepositoryClaim,
        Ref = Ref,
        Environment = Environment,
        Event = Event,
        Permissions = new WorkflowPermissions { Packages = Packages },
        CreatedBy = CreatedBy,
        CreatedAt = CreatedAt,
    };
}
