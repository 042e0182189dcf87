namespace Berth.Server.Storage;

/// <summary>
/// Stores finished, immutable bytes under keys that are never used again. It knows no digests, packages or people. Rows say what exists,
/// and a store only holds the bytes.
/// </summary>
internal interface IBlobStore
{
    /// <summary>The length in bytes. Null when there is nothing under the key.</summary>
    ValueTask<long?> SizeAsync(StorageKey key, CancellationToken cancellationToken);

    /// <summary>
    /// Opens the bytes, seekable and unbuffered, since callers read in large pieces. Null when there is nothing under the key.
    /// </summary>
    Task<Stream?> OpenAsync(StorageKey key, CancellationToken cancellationToken);

    /// <summary>The URL at which a client may fetch the bytes from the store itself. Null when this process serves them.</summary>
    ValueTask<Uri?> RedirectAsync(StorageKey key, CancellationToken cancellationToken);

    /// <summary>Does nothing when the bytes are gone already.</summary>
    Task DeleteAsync(StorageKey key, CancellationToken cancellationToken);

    /// <summary>Lists every key whose bytes were finished before the given time, to compare rows with bytes.</summary>
    IAsyncEnumerable<StorageKey> ListAsync(DateTimeOffset finishedBefore, CancellationToken cancellationToken);

    /// <summary>
    /// Checks that the store can be reached and accepts bytes. A full store passes: it still serves what it has, and pushes report the
    /// reason.
    /// </summary>
    /// <exception cref="IOException">The store fails the check. The message says what is wrong.</exception>
    Task CheckAsync(CancellationToken cancellationToken);
}
