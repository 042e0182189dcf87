namespace Berth.Server.Codespaces.Devcontainers;

/// <summary>
/// The variables of processes that people start in a dev container, in addition to the container's own: those that the user's shell sets
/// (<c>userEnvProbe</c>), then <c>remoteEnv</c>.
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
                // The engine cannot start a process without a variable that its container has. It can only make the variable empty.
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
