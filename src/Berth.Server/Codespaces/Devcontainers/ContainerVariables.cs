using Berth.Server.Codespaces.Engine;
using Berth.Server.Codespaces.Expansion;

namespace Berth.Server.Codespaces.Devcontainers;

/// <summary>
/// Replaces the variables of a configuration that are known once there is a container (containers.dev, "Variables in devcontainer.json").
/// Those of the local machine would be the server's, and are empty.
/// </summary>
internal sealed class ContainerVariables(EngineContainer container, string workspaceFolder, string id, ExpansionBudget budget)
{
    private static readonly TextPlace Place = new("the commands and variables of the dev container");

    /// <exception cref="Faults.FaultException">The result becomes too large.</exception>
    public string Replace(string text) => ConfigurationVariables.Replace(text, ValueOf, budget, Place);

    private string? ValueOf(string variable)
    {
        var parts = variable.Split(':', 3);
        return parts[0] switch
        {
            "containerEnv" when parts.Length > 1 => InContainer(parts[1]) ?? parts.ElementAtOrDefault(2) ?? "",
            "containerWorkspaceFolder" => workspaceFolder,
            "containerWorkspaceFolderBasename" => workspaceFolder[(workspaceFolder.LastIndexOf('/') + 1)..],
            "devcontainerId" => id,
            _ => ConfigurationVariables.LocalEnvironment(variable),
        };
    }

    /// <summary>A variable of the container itself; null when it has none of that name.</summary>
    public string? InContainer(string name)
    {
        var prefix = name + "=";
        return container.Environment.FirstOrDefault(entry => entry.StartsWith(prefix, StringComparison.Ordinal))?[prefix.Length..];
    }
}
