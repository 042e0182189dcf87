namespace Berth.Server.Codespaces.Environment;

/// <summary>What one start gives to the processes of its codespace.</summary>
/// <param name="Ready">Puts the files into a container and opens what answers inside; told container and user. May be called often.</param>
internal sealed record CodespaceEnvironment(
    IReadOnlyDictionary<string, string> Variables, Func<string, string, CancellationToken, Task> Ready);
