namespace Berth.Server.Storage;

/// <summary>
/// Finished, immutable bytes under keys that are never used again. Knows no digests, packages or people. Whether something exists
/// is said by rows; a store only holds it.
/// </summary>
internal interface IBlobStore
{
    /// <summary>The length in bytes; null when there is nothing under the key.</summary>
    ValueTask<long?> SizeAsync(StorageKey key, CancellationToken cancellationToken);

    /// <summary>The bytes, seekable, unbuffered: callers read in large pieces. Null when there is nothing under the key.</summary>
    Task<Stream?> OpenAsync(StorageKey key, CancellationToken cancellationToken);

    /// <summary>Where a client may fetch the bytes from the store itself; null when they are served by this process.</summary>
    ValueTask<Uri?> RedirectAsync(StorageKey key, CancellationToken cancellationToken);

    /// <summary>Idempotent.</summary>
    Task DeleteAsync(StorageKey key, CancellationToken cancellationToken);

    /// <summary>Every key whose bytes were finished before the given time; for the check of rows against bytes.</summary>
    IAsyncEnumerable<StorageKey> ListAsync(DateTimeOffset finishedBefore, CancellationToken cancellationToken);

    /// <summary>Whether it can be reached and takes bytes. A full store can: what it holds is served, and pushes hear the reason.</summary>
    /// <exception cref="IOException">It cannot; the message says what is wrong.</exception>
    Task CheckAsync(CancellationToken cancellationToken);
}
