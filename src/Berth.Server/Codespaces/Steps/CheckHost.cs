using Berth.Server.Codespaces.Engine;
using Berth.Server.Codespaces.Sandbox;
using Berth.Server.Faults;

namespace Berth.Server.Codespaces.Steps;

/// <summary>Checks that this machine has everything that a start needs.</summary>
internal sealed class CheckHost(IContainerEngine engine, CodespaceTools tools, ISandbox sandbox)
{
    /// <returns>What the start has to know about the engine.</returns>
    /// <exception cref="FaultException">Something is missing. The message names everything that is.</exception>
    public async Task<EngineFacts> RunAsync(CodespaceLogWriter log, CancellationToken cancellationToken)
    {
        var missing = tools.MissingTools().ToList();
        if (await engine.UnavailableAsync(cancellationToken) is { } reason)
        {
            missing.Insert(0, reason);
        }

        if (missing.Count == 0 && await sandbox.UnavailableAsync(cancellationToken) is { } fault)
        {
            missing.Add(fault);
        }

        if (missing.Count > 0)
        {
            throw new FaultException(FaultKind.Host, string.Join("; ", missing));
        }

        var facts = await engine.FactsAsync(cancellationToken);
        if (EngineHoles.Of(facts.Version) is { } holes)
        {
            log.Write("host", holes);
        }

        return facts;
    }
}
