namespace Berth.Server.Codespaces.Isolation;

/// <summary>All that can be said about a build for a codespace, and about the containers that its commands run in.</summary>
/// <param name="Tag">Of the image that comes out.</param>
/// <param name="Dockerfile">Its name in the context.</param>
/// <param name="Target">The stage that is wanted.</param>
/// <param name="Limits">Of each command.</param>
/// <param name="Group">The control group of all of them together.</param>
internal sealed record BuildPlan(
    string Tag, string Dockerfile, string Target, MachineLimits Limits, ContainerNetwork Network, string Group)
{
    public IReadOnlyDictionary<string, string> Arguments { get; init; } = new Dictionary<string, string>();

    public IReadOnlyDictionary<string, string> Labels { get; init; } = new Dictionary<string, string>();

    /// <summary>Layers of earlier builds are not taken.</summary>
    public bool NoCache { get; init; }
}
