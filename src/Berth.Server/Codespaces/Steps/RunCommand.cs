using Berth.Server.Codespaces.Connections;
using Berth.Server.Codespaces.Devcontainers;
using Berth.Server.Codespaces.Engine;

namespace Berth.Server.Codespaces.Steps;

/// <summary>A container in which lifecycle commands run.</summary>
/// <param name="Environment">Each as NAME=VALUE.</param>
internal sealed record CommandPlace(
    string Container, string User, string Folder, IReadOnlyList<string> Environment, ContainerVariables Variables);

/// <summary>Runs one lifecycle command and writes its output to the creation log.</summary>
internal sealed class RunCommand(IContainerEngine engine, TimeProvider time)
{
    /// <returns>Null when it succeeded, else what failed and how.</returns>
    /// <exception cref="EngineException">The engine cannot run it.</exception>
    public async Task<string?> RunAsync(
        CommandPlace place, LifecycleCommand command, Action<string> log, CancellationToken cancellationToken)
    {
        var name = command.Stage.Property();
        var running = $"Running {name}{(command.Contributor is { } from ? $" of {from}" : "")}...";
        log($"{running} running");
        var results = await Task.WhenAll(command.Parts.Select(part => RunAsync(place, part, log, cancellationToken)));
        var failed = command.Parts.Zip(results).FirstOrDefault(pair => pair.Second != 0);
        log($"{running} {(failed.First is null ? "succeeded" : "failed")}");
        return failed.First is null
            ? null
            : $"{name} from {command.Contributor ?? "devcontainer.json"} failed with the exit code {failed.Second}"
                + $"{(failed.First.Name is { } part ? $" (its part {part})" : "")}.";
    }

    private async Task<int> RunAsync(CommandPlace place, LifecyclePart part, Action<string> log, CancellationToken cancellationToken)
    {
        var command = new EngineCommand([.. part.Arguments.Select(place.Variables.Replace)], place.User, place.Folder)
        {
            Environment = place.Environment,
        };
        var lines = new OutputLines(part.Name is { } name ? line => log($"{name}: {line}") : log);
        await using var process = await engine.RunAsync(place.Container, command, cancellationToken);
        try
        {
            process.CloseInput();
            await process.ReadAsync(
                (stream, piece) =>
                {
                    lines.Add(stream, piece.Span);
                    return Task.CompletedTask;
                },
                cancellationToken);
            lines.End();
            return await process.ExitCodeAsync(time, cancellationToken);
        }
        catch (OperationCanceledException)
        {
            lines.End();
            await CodespaceTerminal.KillAsync(process, time);
            throw;
        }
    }
}
