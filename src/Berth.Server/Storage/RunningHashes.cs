using System.Collections.Concurrent;
using System.Security.Cryptography;
using Berth.Server.Oci;

namespace Berth.Server.Storage;

/// <summary>The hash of the bytes of an upload so far.</summary>
internal sealed class RunningHash(string algorithm) : IDisposable
{
    private readonly IncrementalHash _hash = Digest.Begin(algorithm);

    public string Algorithm { get; } = algorithm;

    public long Offset { get; private set; }

    public void Append(ReadOnlySpan<byte> bytes)
    {
        _hash.AppendData(bytes);
        Offset += bytes.Length;
    }

    /// <summary>Returns the digest. The hash cannot be used after that.</summary>
    public Digest Finish() => Digest.Of(Algorithm, _hash.GetHashAndReset());

    public void Dispose() => _hash.Dispose();
}

/// <summary>
/// Keeps running hashes between the requests of an upload. .NET cannot save a hash's state, so it stays in memory, with a limit and for a
/// limited time. If it is missing (after a restart, in another process, after a gap), the bytes are read again at commit.
/// </summary>
internal sealed class RunningHashes(TimeProvider time) : IDisposable
{
    private const int Most = 4096;
    private static readonly TimeSpan Kept = TimeSpan.FromHours(1);
    private readonly ConcurrentDictionary<string, (RunningHash Hash, long Since)> _hashes = new(StringComparer.Ordinal);

    /// <summary>Removes the hash from here, so that a failure in between loses it rather than leaving it in a wrong state.</summary>
    public RunningHash? Take(StorageKey upload, long offset)
    {
        if (!_hashes.TryRemove(upload.Value, out var entry))
        {
            return null;
        }

        if (entry.Hash.Offset == offset)
        {
            return entry.Hash;
        }

        entry.Hash.Dispose();
        return null;
    }

    public void Keep(StorageKey upload, RunningHash hash)
    {
        if (_hashes.Count >= Most)
        {
            Expire();
        }

        if (_hashes.Count >= Most || !_hashes.TryAdd(upload.Value, (hash, time.GetTimestamp())))
        {
            hash.Dispose();
        }
    }

    public void Drop(StorageKey upload)
    {
        if (_hashes.TryRemove(upload.Value, out var entry))
        {
            entry.Hash.Dispose();
        }
    }

    public void Expire()
    {
        foreach (var (key, entry) in _hashes)
        {
            if (time.GetElapsedTime(entry.Since) > Kept && _hashes.TryRemove(new(key, entry)))
            {
                entry.Hash.Dispose();
            }
        }
    }

    public void Dispose()
    {
        foreach (var key in _hashes.Keys)
        {
            Drop(StorageKey.Parse(key));
        }
    }
}
