namespace Berth.Server.Codespaces.Engine;

/// <summary>A process to be.</summary>
/// <param name="Command">The program and its arguments; no shell reads them.</param>
/// <param name="User">As whom; empty: as the container's own user.</param>
internal sealed record EngineCommand(IReadOnlyList<string> Command, string User, string Folder)
{
    /// <summary>Each as NAME=VALUE, beside the container's own.</summary>
    public IReadOnlyList<string> Environment { get; init; } = [];

    /// <summary>It reads what is written to it.</summary>
    public bool Input { get; init; }

    /// <summary>What it says beside its output is read, too.</summary>
    public bool Errors { get; init; } = true;

    /// <summary>It gets a terminal.</summary>
    public bool Tty { get; init; }
}

/// <summary>A process in a container with its input and output.</summary>
internal interface IEngineProcess : IAsyncDisposable
{
    /// <summary>Copies its output until it ends.</summary>
    /// <param name="write">Gets the stream's number (1: output, 2: errors) and a piece of it, valid until it returns.</param>
    Task ReadAsync(Func<byte, ReadOnlyMemory<byte>, Task> write, CancellationToken cancellationToken);

    Task WriteAsync(ReadOnlyMemory<byte> input, CancellationToken cancellationToken);

    /// <summary>The end of its input.</summary>
    void CloseInput();

    /// <summary>The size of its terminal. One that has ended has none, which is fine.</summary>
    Task ResizeAsync(int rows, int columns, CancellationToken cancellationToken);

    /// <summary>Of a process whose output has ended.</summary>
    /// <exception cref="EngineException">The engine does not know how it ended.</exception>
    Task<int> ExitCodeAsync(TimeProvider time, CancellationToken cancellationToken);

    /// <summary>Nobody listens to it any more: it ends, with what it started in its session. One that has ended is fine.</summary>
    Task KillAsync(TimeProvider time, CancellationToken cancellationToken);
}
