using Berth.Server.Codespaces.Engine;

namespace Berth.Server.Codespaces.Environment;

/// <summary>The environment that one start gives to the processes of its codespace.</summary>
/// <param name="EnterAsync">
/// Puts the files into a running container, opens the listener for <c>BERTH_URL</c>, and asks the user's shell a question. Takes the
/// container, the user and the question. Returns what the shell printed, or null when it took too long or nobody was asked.
/// </param>
internal sealed record CodespaceEnvironment(
    IReadOnlyDictionary<string, string> Variables,
    Func<EngineContainer, string, ShellQuestion?, CancellationToken, Task<string?>> EnterAsync);
