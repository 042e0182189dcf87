using Berth.Server.Access;
using Berth.Server.Codespaces.Devcontainers;
using Berth.Server.Codespaces.Expansion;
using Berth.Server.Codespaces.Plans;
using Berth.Server.Faults;
using Berth.Server.Secrets;

namespace Berth.Server.Codespaces.Steps;

/// <summary>
/// Reads the repository's configuration, when its <c>initializeCommand</c> has run. Reports which parts of it a codespace does not get, and
/// which of its recommended secrets are missing.
/// </summary>
internal sealed class ReadConfiguration(
    InitializeWorkspace initialize, AccessDecisions access, CodespaceSecrets secrets, ImageDefaults defaults)
{
    /// <exception cref="FaultException">There is no configuration, or it is wrong. The message says where.</exception>
    public async Task<DevcontainerPlan> RunAsync(PreparedStart start, CancellationToken cancellationToken)
    {
        var codespace = start.Codespace;
        var missing = await initialize.RunAsync(start, cancellationToken);
        var plan = Read(start, missing, cancellationToken);
        foreach (var shortage in Shortages(plan.Configuration.Requirements, start.Machine))
        {
            start.Log.Write("configuration", shortage);
        }

        if (plan.Configuration.Secrets.Count > 0
            && await access.RepositoryAsync(codespace.OwnerId, start.Principal.RepositoryId, cancellationToken) is { } found)
        {
            var visible = (await secrets.LoadAsync(
                codespace.OwnerId, own: !codespace.IsPrebuild, found.Repository, cancellationToken)).Environment;
            foreach (var secret in plan.Configuration.Secrets.Where(secret => !visible.ContainsKey(secret.Name.ToUpperInvariant())))
            {
                start.Log.Write("secrets", Missing(secret, codespace.RepositoryFullName));
            }
        }

        return plan;
    }

    /// <summary>Writes down what was read, what is left out, and when there are several reasons against it, each of them.</summary>
    private static void Report(PreparedStart start, DevcontainerPlan plan)
    {
        start.Log.Write("configuration", $"{(plan.File.Exists ? $"read {plan.File.Path}" : "no configuration")}: {plan.Summary}");
        foreach (var remark in plan.Remarks)
        {
            start.Log.Write("configuration", remark);
        }

        if (plan.Refusals.All is [_, _, ..] refused)
        {
            foreach (var refusal in refused)
            {
                start.Log.Write("configuration", $"refused: {refusal}");
            }
        }
    }

    /// <param name="missing">Why <c>initializeCommand</c> did not do its work, which may be why a file is missing. Null: it did.</param>
    private DevcontainerPlan Read(PreparedStart start, string? missing, CancellationToken cancellationToken)
    {
        try
        {
            var plan = DevcontainerPlan.Read(
                new Checkout(start.Workspace, new ExpansionBudget(cancellationToken)) { Defaults = defaults },
                start.Codespace.DevcontainerPath, start.Codespace.ImageName);
            Report(start, plan);
            plan.Refusals.ThrowIfAny();
            return plan;
        }
        catch (FaultException exception) when (missing is not null)
        {
            throw new FaultException(
                exception.Fault with { Message = $"{exception.Fault.Message} ({missing.TrimEnd('.')})" }, exception);
        }
    }

    /// <summary>Lists what the machine lacks. The codespace starts all the same, since its creator chose the machine.</summary>
    internal static IEnumerable<string> Shortages(HostRequirements? wanted, Machine machine)
    {
        if (wanted is null)
        {
            yield break;
        }

        if (wanted.Gpu)
        {
            yield return "hostRequirements.gpu: codespaces have no GPUs";
        }

        if (wanted.Cpus > machine.Cpus || wanted.MemoryBytes > machine.MemoryBytes || wanted.StorageBytes > machine.StorageBytes)
        {
            yield return $"hostRequirements: the repository asks for more than the machine {machine.Name} ({machine.DisplayName}) has; a "
                + "larger one is chosen when a codespace is created";
        }
    }

    private static string Missing(RecommendedSecret secret, string repository)
    {
        var about = string.Join(", ", new[] { secret.Description, secret.DocumentationUrl }.OfType<string>().Select(OneLine));
        return $"the repository recommends the secret {secret.Name}{(about.Length == 0 ? "" : $" ({about})")}, which this codespace does "
            + $"not have. To set it: berth secret set {secret.Name} --repos {repository}";
    }

    private static string OneLine(string text) =>
        text.ReplaceLineEndings(" ") is { Length: > 200 } longer ? longer[..200] + "…" : text.ReplaceLineEndings(" ");
}
