using Berth.Server.Codespaces.Engine;

namespace Berth.Server.Codespaces.Images;

/// <summary>
/// Watches the engine's disk during a pull, because nobody says beforehand how large layers are when unpacked. Other programs that write to
/// the disk at that moment count too, and by that much a pull may be ended too early.
/// </summary>
internal sealed class PullWatch : IAsyncDisposable
{
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(250);
    private readonly CancellationTokenSource _ended = new();
    private readonly CancellationTokenSource _exceeded = new();
    private readonly Task _watching;

    /// <param name="most">Bytes that the image may unpack to.</param>
    public PullWatch(EngineDisk disk, long most, TimeProvider time) => _watching = WatchAsync(disk, most, time);

    /// <summary>Cancelled when more was unpacked than allowed, or when the engine's disk is nearly full.</summary>
    public CancellationToken Exceeded => _exceeded.Token;

    /// <summary>True when the disk is nearly full.</summary>
    public bool IsFull { get; private set; }

    public async ValueTask DisposeAsync()
    {
        await _ended.CancelAsync();
        await _watching;
        _ended.Dispose();
        _exceeded.Dispose();
    }

    private async Task WatchAsync(EngineDisk disk, long most, TimeProvider time)
    {
        try
        {
            for (var before = await disk.RoomAsync(_ended.Token); before is not null;)
            {
                await Task.Delay(Interval, time, _ended.Token);
                if (await disk.RoomAsync(_ended.Token) is { } now)
                {
                    IsFull = now.IsNearlyFull;
                    if (before.Value.Lost(now).Bytes > most || now.IsNearlyFull)
                    {
                        await _exceeded.CancelAsync();
                        return;
                    }

                    // If others free room, the image may not use it.
                    before = now.Bytes > before.Value.Bytes ? now : before;
                }
            }
        }
        catch (OperationCanceledException)
        {
            // The pull has ended.
        }
    }
}
