using System.Security.Cryptography;
using System.Threading.RateLimiting;
using Berth.Server.Settings;

namespace Berth.Server.Http;

/// <summary>
/// Where request bodies of megabytes wait. Each lies in a file until it is whole, so a slow sender holds no memory; and a few are in memory
/// at a time, so many senders hold no more than a few do.
/// </summary>
internal sealed class LargeBodies(DataOptions options) : IDisposable
{
    /// <summary>Two of the largest manifests, with which a push makes several times their size.</summary>
    public const int MostKiB = 10 << 10;

    private readonly ConcurrencyLimiter _memory = new(new ConcurrencyLimiterOptions
    {
        PermitLimit = MostKiB,
        QueueLimit = int.MaxValue,
        QueueProcessingOrder = QueueProcessingOrder.OldestFirst,
    });

    public int FreeKiB => (int)_memory.GetStatistics()!.CurrentAvailablePermits;

    /// <summary>A file without a name: it goes with its last user, also when that is killed.</summary>
    public FileStream OpenFile()
    {
        var path = Path.Combine(options.DataPath, "received-" + RandomNumberGenerator.GetHexString(32, lowercase: true));
        var file = new FileStream(path, new FileStreamOptions
        {
            Mode = FileMode.CreateNew,
            Access = FileAccess.ReadWrite,
            Share = FileShare.Delete,
            BufferSize = 0,
            UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite,
        });
        try
        {
            File.Delete(path);
            return file;
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    /// <summary>Waits until there is room; one that is larger than all the room takes all of it.</summary>
    public async Task<IDisposable> TakeMemoryAsync(long bytes, CancellationToken cancellationToken) =>
        await _memory.AcquireAsync((int)Math.Clamp(bytes >> 10, 1, MostKiB), cancellationToken);

    public void Dispose() => _memory.Dispose();
}
