using Berth.Server.Oci;

namespace Berth.Server.Storage;

/// <summary>
/// Bytes on the way in. What it holds is the truth about how far an upload has come. One caller at a time per upload; see
/// <see cref="UploadLeases"/>.
/// </summary>
internal interface IUploadStore
{
    /// <summary>Bytes received so far; 0 before the first.</summary>
    ValueTask<long> LengthAsync(StorageKey upload, CancellationToken cancellationToken);

    /// <summary>
    /// Appends the content at <paramref name="offset"/>, which must be the length so far, hashing meanwhile. What arrived before the
    /// sender broke off stays; when the store fails or the limit is passed, the upload is cut back to <paramref name="offset"/>.
    /// </summary>
    /// <param name="expectedLength">The length of the content in bytes, if known. It sizes the buffers.</param>
    /// <param name="limit">The limit for the whole upload, in bytes.</param>
    /// <param name="algorithm">The algorithm that hashes the bytes while they arrive. Another one costs a second reading at commit.</param>
    Task<AppendResult> AppendAsync(
        StorageKey upload, long offset, Stream content, long? expectedLength, long limit, string algorithm,
        CancellationToken cancellationToken);

    /// <summary>
    /// Verifies the bytes and makes them a finished blob under the same key, safe from a power cut when it returns. Where the digest is
    /// another, nothing changes. Never called twice for bytes that became a blob.
    /// </summary>
    Task<CommitResult> CommitAsync(StorageKey upload, Digest expected, CancellationToken cancellationToken);

    /// <summary>Idempotent.</summary>
    Task DiscardAsync(StorageKey upload, CancellationToken cancellationToken);

    /// <summary>Uploads that nothing was appended to since the given time.</summary>
    IAsyncEnumerable<StorageKey> ListAsync(DateTimeOffset untouchedSince, CancellationToken cancellationToken);
}

internal readonly record struct AppendResult(long Length, bool TooLarge);

/// <param name="Actual">By the algorithm of the expected digest.</param>
/// <param name="Size">In bytes.</param>
/// <param name="Matches">Whether the bytes are a finished blob now.</param>
internal readonly record struct CommitResult(Digest Actual, long Size, bool Matches);
