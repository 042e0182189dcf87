namespace Berth.Server.Codespaces.Isolation;

/// <summary>Everything that can be asked of a build for a codespace, and of the containers that its commands run in.</summary>
/// <param name="Limits">The limits of each command, not of all together.</param>
internal sealed record BuildPlan(
    string Tag, string Dockerfile, string Target, MachineLimits Limits, ContainerNetwork Network, string Group)
{
    public IReadOnlyDictionary<string, string> Arguments { get; init; } = new Dictionary<string, string>();

    public IReadOnlyDictionary<string, string> Labels { get; init; } = new Dictionary<string, string>();

    /// <summary>The build uses no layers of earlier builds.</summary>
    public bool NoCache { get; init; }
}
