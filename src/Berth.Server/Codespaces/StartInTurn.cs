namespace Berth.Server.Codespaces;

/// <summary>Runs a start once its turn has come.</summary>
internal sealed class StartInTurn(StartTurns turns, StartCodespace start, CodespaceRows rows)
{
    /// <exception cref="OperationCanceledException">Somebody asked for something else, or the server stops.</exception>
    public async Task RunAsync(Codespace codespace, Action available, CancellationToken cancellationToken)
    {
        var waiting = turns.TakeAsync(codespace.OwnerId, cancellationToken);
        if (!waiting.IsCompleted)
        {
            await rows.LogAsync(codespace, "start", turns.Why);
        }

        using var turn = await waiting;
        await start.RunAsync(
            codespace,
            () =>
            {
                available();
                turn.End();
            },
            turn.End, cancellationToken);
    }
}
