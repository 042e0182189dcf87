namespace Berth.Server.Codespaces.Devcontainers;

/// <summary>
/// What processes get that people start in a dev container, beside the container's own: what the user's shell sets (<c>userEnvProbe</c>),
/// then <c>remoteEnv</c>.
/// </summary>
internal static class RemoteEnvironment
{
    public static Dictionary<string, string> Of(
        IReadOnlyDictionary<string, string> probed, MergedConfiguration merged, ContainerVariables variables)
    {
        var environment = new Dictionary<string, string>(probed, StringComparer.Ordinal);
        foreach (var (name, value) in merged.RemoteEnvironment)
        {
            if (value is null)
            {
                // A process of an engine cannot be without a variable that its container has, but can have nothing in it.
                environment.Remove(name);
                if (variables.InContainer(name) is not null)
                {
                    environment[name] = "";
                }
            }
            else
            {
                environment[name] = variables.Replace(value);
            }
        }

        return environment;
    }
}
