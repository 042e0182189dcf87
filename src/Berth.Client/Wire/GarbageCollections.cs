namespace Berth.Client.Wire;

/// <summary>The last run of the garbage collector, and what it removed.</summary>
public sealed record GarbageCollectionRun
{
    /// <summary><c>none</c> since the server started, <c>running</c>, <c>finished</c> or <c>failed</c>.</summary>
    public required string State { get; init; }

    public DateTimeOffset? StartedAt { get; init; }

    public DateTimeOffset? FinishedAt { get; init; }

    /// <summary>Versions that could no longer be restored.</summary>
    public required long Versions { get; init; }

    public required long Packages { get; init; }

    /// <summary>Blobs that a package no longer has.</summary>
    public required long Links { get; init; }

    /// <summary>Blobs that no package has.</summary>
    public required long Blobs { get; init; }

    /// <summary>The bytes of the blobs.</summary>
    public required long Bytes { get; init; }

    public required long Uploads { get; init; }

    /// <summary>Files that no row named. A crash between bytes and row leaves such files.</summary>
    public required long StrayFiles { get; init; }
}
