using Berth.Server.Oci;

namespace Berth.Server.Access;

/// <summary>One kind of caller that a rule lets create, move and delete tags. Exactly one of role, team and repository is set.</summary>
public sealed record TagAllowance
{
    /// <summary>People with at least this role on the package. <see cref="Role.None"/>: no role is meant.</summary>
    public Role Role { get; init; }

    public long? TeamId { get; init; }

    public string? Team { get; init; }

    /// <summary>Workflows of this repository, if a CI system confirms the run.</summary>
    public long? RepositoryId { get; init; }

    public string? Repository { get; init; }

    /// <summary>Null: any ref. See <see cref="RefPattern"/>.</summary>
    public string? Ref { get; init; }

    /// <summary>Null: any environment, or none.</summary>
    public string? Environment { get; init; }
}

/// <summary>A rule about tags whose names match a pattern. It belongs to an account, for all its packages, or to one package.</summary>
public sealed record TagRule
{
    public long Id { get; init; }

    /// <summary>Whether the rule is the owner's, for all packages, rather than the package's own.</summary>
    public bool OfOwner { get; init; }

    /// <summary>See <see cref="TagPattern"/>.</summary>
    public string Pattern { get; init; } = "";

    /// <summary>Whether such a tag must stay on its version.</summary>
    public bool Immutable { get; init; }

    /// <summary>Null: everybody who may push. Empty: nobody.</summary>
    public IReadOnlyList<TagAllowance>? Allow { get; init; }

    /// <summary>
    /// A star does not match tags that only say what their manifest refers to, since they move with every signature. A rule for all tags
    /// therefore does not hinder signing.
    /// </summary>
    public bool Covers(string tag) =>
        TagPattern.Matches(Pattern, tag)
        && (!ReferrersTag.Is(tag) || ReferrersTag.Begins(Pattern));

    public override string ToString() => $"push rule {Id} ({Pattern})";
}

/// <summary>The wanted change of one tag.</summary>
/// <param name="From">The version that the tag is on. Null: there is no such tag.</param>
/// <param name="To">The version that the tag moves to. Null: the tag is removed.</param>
/// <param name="Spent">The version that the tag was on when an administrator removed it despite a rule that keeps it.</param>
public sealed record TagChange(string Tag, string? From, string? To, string? Spent = null)
{
    /// <summary>Stands for any version except those that the tag is or was on.</summary>
    public const string Another = "*";
}

/// <summary>Everything that decides whether one principal may change a tag of a package, besides the right to push or delete.</summary>
public sealed record TagFacts
{
    /// <summary>The facts of the package, read for the same principal.</summary>
    public required PackageFacts Package { get; init; }

    /// <summary>The rules of the package and of its owner.</summary>
    public IReadOnlyList<TagRule> Rules { get; init; } = [];

    /// <summary>The teams of the package's owner that the person belongs to.</summary>
    public IReadOnlyCollection<long> Teams { get; init; } = [];
}
