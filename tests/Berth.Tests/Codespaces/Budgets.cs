using Berth.Server.Codespaces.Plans;
using Berth.Server.Codespaces;
using Berth.Server.Codespaces.Devcontainers;
using Berth.Server.Codespaces.Dockerfiles;
using Berth.Server.Codespaces.Expansion;

namespace Berth.Tests.Codespaces;

/// <summary>Makes what the readers need where a test has no plan.</summary>
internal static class Budgets
{
    public static ExpansionBudget New() => new(TestContext.Current.CancellationToken);

    public static Checkout Checkout(string root) => new(root, New());

    /// <exception cref="Berth.Server.Faults.FaultException">The Dockerfile is refused.</exception>
    public static DockerfilePlan Dockerfile(
        string text, IReadOnlyDictionary<string, string>? arguments = null, string? target = null, ExpansionBudget? budget = null)
    {
        var refusals = new Refusals();
        var plan = DockerfilePlan.Read(
            DockerfileParser.Parse(text, "Dockerfile"), arguments ?? new Dictionary<string, string>(), target, "amd64", budget ?? New(),
            refusals);
        refusals.ThrowIfAny();
        return plan;
    }

    /// <exception cref="Berth.Server.Faults.FaultException">The configuration is refused.</exception>
    public static DevcontainerPlan Plan(string root, string repository, ExpansionBudget? budget = null)
    {
        var plan = DevcontainerPlan.Read(new Checkout(root, budget ?? New()), null, repository);
        plan.Refusals.ThrowIfAny();
        return plan;
    }

    public static SentDockerfile Scratch() =>
        SentDockerfile.Write('\\', [], [], new Dictionary<string, string>(StringComparer.Ordinal), New());
}
