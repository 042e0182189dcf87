using Berth.Server.Oci;

namespace Berth.Server.Storage;

/// <summary>
/// Stores the bytes of uploads. Its length of an upload is the true one. Only one caller at a time may use an upload, see
/// <see cref="UploadLeases"/>.
/// </summary>
internal interface IUploadStore
{
    /// <summary>The bytes received so far. 0 before the first.</summary>
    ValueTask<long> LengthAsync(StorageKey upload, CancellationToken cancellationToken);

    /// <summary>
    /// Appends the content at <paramref name="offset"/>, which must be the present length, and hashes it meanwhile. If the sender ends
    /// early, the received bytes stay. If the store fails or the limit is exceeded, the upload is cut back to <paramref name="offset"/>.
    /// </summary>
    /// <param name="expectedLength">The length of the content in bytes, if known. It sizes the buffers.</param>
    /// <param name="limit">The limit for the whole upload, in bytes.</param>
    /// <param name="algorithm">The algorithm that hashes the bytes while they arrive. Another one costs a second reading at commit.</param>
    Task<AppendResult> AppendAsync(
        StorageKey upload, long offset, Stream content, long? expectedLength, long limit, string algorithm,
        CancellationToken cancellationToken);

    /// <summary>
    /// Verifies the bytes and makes them a finished blob under the same key, which survives a power cut from then on. If the digest
    /// differs, nothing changes. It must not be called again for bytes that became a blob.
    /// </summary>
    Task<CommitResult> CommitAsync(StorageKey upload, Digest expected, CancellationToken cancellationToken);

    /// <summary>Does nothing when the upload is gone already.</summary>
    Task DiscardAsync(StorageKey upload, CancellationToken cancellationToken);

    /// <summary>Lists uploads to which nothing was appended since the given time.</summary>
    IAsyncEnumerable<StorageKey> ListAsync(DateTimeOffset untouchedSince, CancellationToken cancellationToken);
}

internal readonly record struct AppendResult(long Length, bool TooLarge);

/// <param name="Actual">By the algorithm of the expected digest.</param>
/// <param name="Size">In bytes.</param>
/// <param name="Matches">Whether the bytes are a finished blob now.</param>
internal readonly record struct CommitResult(Digest Actual, long Size, bool Matches);
