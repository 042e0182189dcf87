using Berth.Server.Codespaces.Engine;

namespace Berth.Server.Codespaces.Images;

/// <summary>
/// Looks at the engine's disk while an image is pulled: what layers unpack to nobody says before. It can be ended wrongly only by as much
/// as others write there at that moment.
/// </summary>
internal sealed class PullWatch : IAsyncDisposable
{
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(250);
    private readonly CancellationTokenSource _ended = new();
    private readonly CancellationTokenSource _exceeded = new();
    private readonly Task _watching;

    /// <param name="most">Bytes that the image may unpack to.</param>
    public PullWatch(EngineDisk disk, long most, TimeProvider time) => _watching = WatchAsync(disk, most, time);

    /// <summary>More was unpacked than may be, or the engine's disk is about to be full.</summary>
    public CancellationToken Exceeded => _exceeded.Token;

    /// <summary>It is the disk that is.</summary>
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

                    // Room that somebody makes is not this image's to fill.
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
