using System.Security.Cryptography;
using System.Threading.RateLimiting;
using Berth.Server.Settings;

namespace Berth.Server.Http;

/// <summary>
/// Stores request bodies of megabytes until they are complete. Each is in a file meanwhile, so a slow sender uses no memory. Only a few are
/// in memory at a time, however many senders there are.
/// </summary>
internal sealed class LargeBodies(DataOptions options) : IDisposable
{
    /// <summary>Twice the size of the largest manifest. A push of one needs several times its size.</summary>
    public const int MostKiB = 10 << 10;

    private readonly ConcurrencyLimiter _memory = new(new ConcurrencyLimiterOptions
    {
        PermitLimit = MostKiB,
        QueueLimit = int.MaxValue,
        QueueProcessingOrder = QueueProcessingOrder.OldestFirst,
    });

    public int FreeKiB => (int)_memory.GetStatistics()!.CurrentAvailablePermits;

    /// <summary>Opens a file without a name, which disappears with its last user, even if that process is killed.</summary>
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

    /// <summary>Waits until there is room. A body that is larger than all the room takes all of it.</summary>
    public async Task<IDisposable> TakeMemoryAsync(long bytes, CancellationToken cancellationToken) =>
        await _memory.AcquireAsync((int)Math.Clamp(bytes >> 10, 1, MostKiB), cancellationToken);

    public void Dispose() => _memory.Dispose();
}
