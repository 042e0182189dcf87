namespace Berth.Tests.TestServer;

/// <summary>A clock that stands still until a test moves it. Delays and timers are real, unless they are held.</summary>
public sealed class ManualTimeProvider : TimeProvider
{
    private readonly List<HeldTimer> _waiting = [];
    private long _ticks = new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero).Ticks;
    private bool _holds;

    public override DateTimeOffset GetUtcNow() => new(Interlocked.Read(ref _ticks), TimeSpan.Zero);

    public void Advance(TimeSpan by) => Interlocked.Add(ref _ticks, by.Ticks);

    /// <summary>Delays that begin from now on do not end before <see cref="ReleaseTimers"/>, however slow the machine is.</summary>
    public void StopTimers()
    {
        lock (_waiting)
        {
            _holds = true;
        }
    }

    /// <summary>Ends the delays that were held.</summary>
    public void ReleaseTimers()
    {
        List<HeldTimer> waiting;
        lock (_waiting)
        {
            _holds = false;
            waiting = [.. _waiting];
            _waiting.Clear();
        }

        waiting.ForEach(timer => timer.Ring());
    }

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        lock (_waiting)
        {
            if (!_holds)
            {
                return base.CreateTimer(callback, state, dueTime, period);
            }

            var timer = new HeldTimer(() => callback(state));
            _waiting.Add(timer);
            return timer;
        }
    }

    private sealed class HeldTimer(Action ring) : ITimer
    {
        private bool _ended;

        public void Ring()
        {
            if (!Volatile.Read(ref _ended))
            {
                ring();
            }
        }

        public bool Change(TimeSpan dueTime, TimeSpan period) => true;

        public void Dispose() => Volatile.Write(ref _ended, true);

        public ValueTask DisposeAsync()
        {
            Dispose();
            return ValueTask.CompletedTask;
        }
    }
}
