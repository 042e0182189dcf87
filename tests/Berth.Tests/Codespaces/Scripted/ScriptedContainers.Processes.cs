using System.Collections.Concurrent;
using Berth.Server.Codespaces.Engine;

namespace Berth.Tests.Codespaces.Scripted;

/// <summary>The processes in its containers.</summary>
internal sealed partial class ScriptedContainers
{
    private readonly ConcurrentQueue<EngineCommand> _commands = new();

    /// <summary>How processes in containers answer.</summary>
    public Func<EngineCommand, IEngineProcess> Processes { get; set; } = ScriptedProcess.Of;

    /// <summary>Every process that was asked for, in this order. The server may ask for more while a test reads it.</summary>
    public IReadOnlyList<EngineCommand> Commands => [.. _commands];

    /// <summary>The last word of each command, in their order, if it is among these.</summary>
    public IReadOnlyList<string> LastWords(params string[] among) =>
        [.. Commands.Select(command => command.Command[^1]).Where(among.Contains)];

    public void ForgetCommands() => _commands.Clear();

    public Task<IEngineProcess> RunAsync(string container, EngineCommand command, CancellationToken cancellationToken) =>
        AnswerAsync(
            () =>
            {
                _commands.Enqueue(command);
                return Processes(command);
            },
            cancellationToken);
}
