namespace Berth.Server.Codespaces.Engine;

/// <summary>A process that is to be started.</summary>
/// <param name="Command">The program and its arguments, without a shell.</param>
/// <param name="User">Empty: the container's own user.</param>
internal sealed record EngineCommand(IReadOnlyList<string> Command, string User, string Folder)
{
    /// <summary>Variables as NAME=VALUE, in addition to the container's own.</summary>
    public IReadOnlyList<string> Environment { get; init; } = [];

    /// <summary>The process gets input.</summary>
    public bool Input { get; init; }

    /// <summary>Its error output is read too.</summary>
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

    /// <summary>Ends the input of the process.</summary>
    void CloseInput();

    /// <summary>Sets the size of its terminal. It is no error when the process has ended.</summary>
    Task ResizeAsync(int rows, int columns, CancellationToken cancellationToken);

    /// <summary>The exit code of a process whose output has ended.</summary>
    /// <exception cref="EngineException">The engine does not know how it ended.</exception>
    Task<int> ExitCodeAsync(TimeProvider time, CancellationToken cancellationToken);

    /// <summary>
    /// Ends a process that nobody listens to any more, with everything that it started in its session. It is no error when it has ended.
    /// </summary>
    Task KillAsync(TimeProvider time, CancellationToken cancellationToken);
}
