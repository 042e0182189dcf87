using Berth.Server.Faults;

namespace Berth.Server.Codespaces.Sandbox;

/// <summary>Runs programs that read what a repository says where they can do no harm.</summary>
internal interface ISandbox
{
    /// <param name="file">The program, a full path.</param>
    /// <param name="arguments">Passed as they are; visible to every process of the machine, so never a secret.</param>
    /// <param name="folder">Where it runs; one that the view shows.</param>
    /// <exception cref="TimeoutException">It took too long.</exception>
    /// <exception cref="FaultException">There is no sandbox on this machine; the message says what is missing.</exception>
    Task<ToolResult> RunAsync(
        SandboxView view, string file, IEnumerable<string> arguments, IReadOnlyDictionary<string, string> environment, string folder,
        Action<string> errorLine, TimeSpan timeout, CancellationToken cancellationToken);

    /// <summary>Null when sandboxes can be made on this machine, else what is missing and what would help.</summary>
    Task<string?> UnavailableAsync(CancellationToken cancellationToken);
}
