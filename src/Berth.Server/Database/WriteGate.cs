namespace Berth.Server.Database;

/// <summary>Lets writes run at the same time, and lets one that keeps losing to others run alone.</summary>
internal sealed class WriteGate : IDisposable
{
    // A write holds this while it runs alone or waits to. Others wait for it.
    private readonly SemaphoreSlim _door = new(1);
    private readonly Lock _counting = new();
    private int _inside;
    private TaskCompletionSource? _empty;

    public async Task<T> BesideOthersAsync<T>(Func<Task<T>> write, CancellationToken cancellationToken)
    {
        await _door.WaitAsync(cancellationToken);
        lock (_counting)
        {
            _inside++;
        }

        _door.Release();
        try
        {
            return await write();
        }
        finally
        {
            Leave();
        }
    }

    public async Task<T> AloneAsync<T>(Func<Task<T>> write, CancellationToken cancellationToken)
    {
        await _door.WaitAsync(cancellationToken);
        try
        {
            await UntilEmptyAsync().WaitAsync(cancellationToken);
            return await write();
        }
        finally
        {
            _door.Release();
        }
    }

    public void Dispose() => _door.Dispose();

    private Task UntilEmptyAsync()
    {
        lock (_counting)
        {
            if (_inside == 0)
            {
                return Task.CompletedTask;
            }

            _empty = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            return _empty.Task;
        }
    }

    private void Leave()
    {
        lock (_counting)
        {
            if (--_inside == 0)
            {
                _empty?.TrySetResult();
            }
        }
    }
}
