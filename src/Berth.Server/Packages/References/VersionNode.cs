namespace Berth.Server.Packages.References;

/// <summary>A live version of a package, with everything that it refers to and that refers to it by name.</summary>
internal sealed record VersionNode
{
    public required long Id { get; init; }

    /// <summary>The manifest's digest, or the number of an npm version.</summary>
    public required string Name { get; init; }

    /// <summary>Whether somebody gave it its number, by which it is installed. Without a tag it is in use as much as with one.</summary>
    public bool IsNumbered { get; init; }

    public DateTimeOffset PublishedAt { get; init; }

    public IReadOnlyList<string> Tags { get; init; } = [];

    /// <summary>The digests that an index lists. Some may not be live versions of the package.</summary>
    public IReadOnlyList<string> Lists { get; init; } = [];

    /// <summary>The digest that it refers to. For a signature this is what was signed.</summary>
    public string? Subject { get; init; }

    /// <summary>The last time when it was pushed or restored, or got or lost a tag.</summary>
    public DateTimeOffset LastSetAt { get; init; }

    /// <summary>Null: not pulled since counting began.</summary>
    public DateTimeOffset? LastPulledAt { get; init; }
}
