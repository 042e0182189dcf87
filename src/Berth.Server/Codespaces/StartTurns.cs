namespace Berth.Server.Codespaces;

/// <summary>
/// Limits how many starts run at once, on this host and for one person, and decides whose start is next. The next is the person with the
/// fewest starts under way, and among those the one who has waited longest. After a while a long start no longer keeps other people from
/// starting, but still counts for its own person.
/// </summary>
internal sealed class StartTurns(CodespaceOptions options, TimeProvider time)
{
    /// <summary>How long a start may hold its turn. This is enough for a start that fetches and builds little.</summary>
    private static readonly TimeSpan Longest = TimeSpan.FromMinutes(2);

    private readonly Lock _lock = new();
    private readonly LinkedList<Waiting> _waiting = new();
    private readonly Dictionary<long, int> _underWay = [];
    private int _taken;

    private sealed record Waiting(long Person, TaskCompletionSource<StartTurn> Turn);

    /// <summary>The line for the creation log of a start that waits.</summary>
    public string Why =>
        $"waiting for a turn: {options.MaxStarts:0} codespaces start at once on this server, {options.MaxStartsPerUser:0} of one person";

    /// <exception cref="OperationCanceledException">The start is no longer wanted.</exception>
    public Task<StartTurn> TakeAsync(long person, CancellationToken cancellationToken)
    {
        var waiting = new LinkedListNode<Waiting>(
            new(person, new TaskCompletionSource<StartTurn>(TaskCreationOptions.RunContinuationsAsynchronously)));
        lock (_lock)
        {
            _waiting.AddLast(waiting);
        }

        GiveTurns();
        var gone = cancellationToken.UnsafeRegister(_ => Leave(waiting), null);
        var turn = waiting.Value.Turn.Task;
        _ = turn.ContinueWith(_ => gone.Unregister(), CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default);
        return turn;
    }

    private void Leave(LinkedListNode<Waiting> waiting)
    {
        lock (_lock)
        {
            if (waiting.List is null)
            {
                // The start has just got its turn, and gives it back by itself.
                return;
            }

            _waiting.Remove(waiting);
        }

        waiting.Value.Turn.TrySetCanceled(CancellationToken.None);
    }

    private void GiveTurns()
    {
        lock (_lock)
        {
            while (_taken < options.MaxStarts && Next() is { } next)
            {
                _waiting.Remove(next);
                _taken++;
                _underWay[next.Person] = UnderWay(next.Person) + 1;
                next.Turn.SetResult(new StartTurn(time, Longest, () => GiveBack(null), () => GiveBack(next.Person)));
            }
        }
    }

    private Waiting? Next() =>
        _waiting.Where(waiting => UnderWay(waiting.Person) < options.MaxStartsPerUser).MinBy(waiting => UnderWay(waiting.Person));

    private int UnderWay(long person) => _underWay.GetValueOrDefault(person);

    /// <param name="person">The person whose start has ended. Null: a start goes on without its turn.</param>
    private void GiveBack(long? person)
    {
        lock (_lock)
        {
            if (person is not { } owner)
            {
                _taken--;
            }
            else if (--_underWay[owner] == 0)
            {
                _underWay.Remove(owner);
            }
        }

        GiveTurns();
    }
}

/// <summary>The turn of one start.</summary>
internal sealed class StartTurn : IDisposable
{
    private readonly Action _lend;
    private readonly Action _end;
    private readonly ITimer _timer;
    private int _lent;
    private int _ended;

    /// <param name="lend">Lets the next one on this host go.</param>
    /// <param name="end">Lets the next one of the same person go.</param>
    public StartTurn(TimeProvider time, TimeSpan longest, Action lend, Action end)
    {
        (_lend, _end) = (lend, end);
        _timer = time.CreateTimer(_ => Lend(), null, longest, Timeout.InfiniteTimeSpan);
    }

    /// <summary>
    /// Ends the turn: the start is done, or it only waits for a program of the repository. It may be called more than once.
    /// </summary>
    public void End()
    {
        Lend();
        if (Interlocked.Exchange(ref _ended, 1) == 0)
        {
            _end();
        }
    }

    public void Dispose()
    {
        End();
        _timer.Dispose();
    }

    private void Lend()
    {
        if (Interlocked.Exchange(ref _lent, 1) == 0)
        {
            _lend();
        }
    }
}
