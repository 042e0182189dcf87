using Berth.Server.Background;
using Berth.Server.Codespaces.Engine;
using Berth.Server.Faults;

namespace Berth.Server.Codespaces.Docker;

/// <summary>Finds running codespaces whose docker socket has no listener, because this server was restarted.</summary>
internal sealed partial class KeepDocker(
    DockerInside docker, DockerHost host, CodespaceRows rows, TimeProvider time, ILogger<KeepDocker> logger)
    : LookAgain(TimeSpan.FromSeconds(5), time)
{
    protected override ILogger Logger => logger;

    protected override async Task LookAsync(CancellationToken cancellationToken)
    {
        if (host.Unavailable is not null)
        {
            return;
        }

        foreach (var codespace in await rows.AllOfHostAsync(host.Name, cancellationToken))
        {
            if (codespace is { State: CodespaceState.Available, Desired: CodespaceDesire.Available })
            {
                try
                {
                    await docker.KeepAsync(codespace, cancellationToken);
                }
                catch (Exception exception) when (exception is EngineException or FaultException or IOException)
                {
                    LogWaits(codespace.Name, exception.Message);
                }
            }
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "Codespaces: docker inside {Codespace} does not come back: {Reason}")]
    private partial void LogWaits(string codespace, string reason);
}
