using System.Collections.Concurrent;

namespace Berth.Server.Storage;

/// <summary>Lets only one request at a time work on an upload. A second one is refused, since both would append if it waited.</summary>
internal sealed class UploadLeases
{
    private readonly ConcurrentDictionary<string, byte> _held = new(StringComparer.Ordinal);

    /// <summary>Null when another request holds it.</summary>
    public IDisposable? TryTake(StorageKey upload) => _held.TryAdd(upload.Value, 0) ? new Lease(_held, upload.Value) : null;

    private sealed class Lease(ConcurrentDictionary<string, byte> held, string key) : IDisposable
    {
        public void Dispose() => held.TryRemove(key, out _);
    }
}
