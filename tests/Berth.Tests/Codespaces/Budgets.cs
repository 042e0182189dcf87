using Berth.Server.Codespaces.Devcontainers;
using Berth.Server.Codespaces.Dockerfiles;
using Berth.Server.Codespaces.Expansion;

namespace Berth.Tests.Codespaces;

/// <summary>What readers need that have no plan around them.</summary>
internal static class Budgets
{
    public static ExpansionBudget New() => new(TestContext.Current.CancellationToken);

    public static Checkout Checkout(string root) => new(root, New());

    public static SentDockerfile Scratch() =>
        SentDockerfile.Write('\\', [], [], new Dictionary<string, string>(StringComparer.Ordinal), New());
}
