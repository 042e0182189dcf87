using System.Collections.Concurrent;

namespace Berth.Server.Storage;

/// <summary>One request at a time works on an upload; a second one is refused, since waiting would let both append.</summary>
internal sealed class UploadLeases
{
    private readonly ConcurrentDictionary<string, byte> _held = new(StringComparer.Ordinal);

    /// <summary>Null when somebody else holds it.</summary>
    public IDisposable? TryTake(StorageKey upload) => _held.TryAdd(upload.Value, 0) ? new Lease(_held, upload.Value) : null;

    private sealed class Lease(ConcurrentDictionary<string, byte> held, string key) : IDisposable
    {
        public void Dispose() => held.TryRemove(key, out _);
    }
}
