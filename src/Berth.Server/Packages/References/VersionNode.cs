namespace Berth.Server.Packages.References;

/// <summary>A live version of a package, with everything that it points at and that points at it by name.</summary>
internal sealed record VersionNode
{
    public required long Id { get; init; }

    /// <summary>The manifest's digest, or the number of an npm version.</summary>
    public required string Name { get; init; }

    /// <summary>
    /// Its name is a number that somebody gave it, by which it is installed: without a tag it is as much in use as with one.
    /// </summary>
    public bool IsNumbered { get; init; }

    public DateTimeOffset PublishedAt { get; init; }

    public IReadOnlyList<string> Tags { get; init; } = [];

    /// <summary>The digests that an index lists. What is no live version of the package is held by nobody.</summary>
    public IReadOnlyList<string> Lists { get; init; } = [];

    /// <summary>The digest that it refers to: of a signature what is signed.</summary>
    public string? Subject { get; init; }

    /// <summary>When it was pushed, restored or given a tag, or lost one, for the last time.</summary>
    public DateTimeOffset LastSetAt { get; init; }

    /// <summary>Null: not since pulls are counted.</summary>
    public DateTimeOffset? LastPulledAt { get; init; }
}
