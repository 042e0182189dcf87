using Berth.Server.Codespaces.Engine;

namespace Berth.Server.Codespaces.Environment;

/// <summary>What one start gives to the processes of its codespace.</summary>
/// <param name="EnterAsync">
/// Puts the files into a container that runs, opens what answers inside, and asks the user's shell a question; told container, user and
/// question. Answers what the shell printed; null: it took too long, or nobody was asked.
/// </param>
internal sealed record CodespaceEnvironment(
    IReadOnlyDictionary<string, string> Variables,
    Func<EngineContainer, string, ShellQuestion?, CancellationToken, Task<string?>> EnterAsync);
