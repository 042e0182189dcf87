using Berth.Server.Background;
using Berth.Server.Codespaces.Engine;
using Berth.Server.Faults;

namespace Berth.Server.Codespaces.Networks;

/// <summary>
/// Restores the firewall when somebody has flushed the machine's rules, as reloading another firewall does. Also reports once which
/// isolation the engine could offer and does not.
/// </summary>
internal sealed partial class WatchFirewall(
    CodespaceNetworks networks, IContainerEngine engine, TimeProvider time, ILogger<WatchFirewall> logger)
    : LookAgain(TimeSpan.FromSeconds(15), time)
{
    protected override ILogger Logger => logger;

    private bool _toldAboutUsers;

    protected override Task LookAsync(CancellationToken cancellationToken) => RunOnceAsync(cancellationToken);

    public async Task RunOnceAsync(CancellationToken cancellationToken)
    {
        try
        {
            if (await networks.IsOpenAsync(cancellationToken))
            {
                await networks.RestoreAsync(cancellationToken);
                LogRestored();
            }

            if (!_toldAboutUsers && !(await engine.FactsAsync(cancellationToken)).RemapsUsers)
            {
                LogUsers();
            }

            _toldAboutUsers = true;
        }
        catch (Exception exception) when (exception is EngineException or FaultException or TimeoutException)
        {
            // Without an engine there are no codespaces. A start says what is missing.
            LogWaits(exception.Message);
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "Codespaces: the firewall was gone and stands again")]
    private partial void LogRestored();

    [LoggerMessage(
        Level = LogLevel.Information,
        Message = "Codespaces: the engine does not remap users (dockerd --userns-remap): root in a codespace is root for the kernel, "
            + "without the capabilities that matter")]
    private partial void LogUsers();

    [LoggerMessage(Level = LogLevel.Debug, Message = "Codespaces: the firewall cannot be looked at: {Reason}")]
    private partial void LogWaits(string reason);
}
