using Berth.Server.Faults;

namespace Berth.Server.Codespaces.Sandbox;

/// <summary>Runs programs that read a repository's files in a place where they can do no harm.</summary>
internal interface ISandbox
{
    /// <param name="file">The full path of the program.</param>
    /// <param name="arguments">Passed as they are. Every process of the machine can see them, so they must never contain a secret.</param>
    /// <param name="folder">The view must show it.</param>
    /// <exception cref="TimeoutException">The program took too long.</exception>
    /// <exception cref="FaultException">This machine has no sandbox. The message says what is missing.</exception>
    Task<ToolResult> RunAsync(
        SandboxView view, string file, IEnumerable<string> arguments, IReadOnlyDictionary<string, string> environment, string folder,
        Action<string> errorLine, TimeSpan timeout, CancellationToken cancellationToken);

    /// <summary>Null when this machine can make sandboxes, otherwise what is missing and what would help.</summary>
    Task<string?> UnavailableAsync(CancellationToken cancellationToken);
}
