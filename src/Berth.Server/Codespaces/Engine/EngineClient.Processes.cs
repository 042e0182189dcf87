namespace Berth.Server.Codespaces.Engine;

/// <content>Processes.</content>
internal sealed partial class EngineClient
{
    public async Task<IEngineProcess> RunAsync(string container, EngineCommand command, CancellationToken cancellationToken) =>
        await EngineProcess.StartAsync(_http, container, command, cancellationToken);
}
