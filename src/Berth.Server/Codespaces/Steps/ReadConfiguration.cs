using Berth.Server.Codespaces.Devcontainers;

namespace Berth.Server.Codespaces.Steps;

/// <summary>Reads what the repository asks for, and reports what of it a codespace does not get.</summary>
internal sealed class ReadConfiguration
{
    /// <exception cref="CodespaceFaultException">There is none, or it is wrong; the message says where.</exception>
    public Task<StartContext> RunAsync(StartContext context, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var plan = DevcontainerPlan.Read(context.Workspace, context.Codespace.DevcontainerPath, context.Codespace.RepositoryName);
        context.Log.Write("configuration", $"read {plan.File.Path}: {plan.Summary}");
        foreach (var remark in plan.Remarks)
        {
            context.Log.Write("configuration", remark);
        }

        return Task.FromResult(context with { Plan = plan });
    }
}
