namespace Berth.Server.Database;

/// <summary>Lets writes run side by side, and one that keeps on losing alone: then there is nobody to lose to.</summary>
internal sealed class WriteGate : IDisposable
{
    // Held by one who is alone or wants to be: nobody else comes in.
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
