using System.Text.Json;
using System.Text.RegularExpressions;
using Berth.Server.Codespaces.Engine;
using Berth.Server.Codespaces.Expansion;
using Berth.Server.Json;

namespace Berth.Server.Codespaces.Devcontainers;

/// <summary>
/// <c>remoteEnv</c> of a dev container: variables of what tools start in it, not of the container. Read from the label that the dev
/// container tools leave on the container (containers.dev, "devcontainer.metadata"), where later entries win.
/// </summary>
internal static partial class RemoteEnvironment
{
    private static readonly TextPlace Place = new("remoteEnv in the label devcontainer.metadata of the container");

    /// <returns>Each as NAME=VALUE.</returns>
    /// <exception cref="Faults.FaultException">The variables become too large.</exception>
    public static IReadOnlyList<string> Of(EngineContainer container, ExpansionBudget budget)
    {
        if (!container.Labels.TryGetValue("devcontainer.metadata", out var text))
        {
            return [];
        }

        var variables = new Dictionary<string, string>(StringComparer.Ordinal);
        try
        {
            using var document = OutsideJson.Parse(text, new JsonDocumentOptions { MaxDepth = 64 });
            foreach (var entry in document.RootElement.ValueKind == JsonValueKind.Array
                ? [.. document.RootElement.EnumerateArray()]
                : new[] { document.RootElement })
            {
                if (entry.ValueKind == JsonValueKind.Object
                    && entry.TryGetProperty("remoteEnv", out var remote)
                    && remote.ValueKind == JsonValueKind.Object)
                {
                    Read(remote, variables, container, budget);
                }
            }
        }
        catch (OutsideJsonException)
        {
            // An image wrote it; the tools that could not read it have said so at the start.
        }

        return [.. variables.Select(variable => $"{variable.Key}={variable.Value}")];
    }

    private static void Read(
        JsonElement remote, Dictionary<string, string> variables, EngineContainer container, ExpansionBudget budget)
    {
        foreach (var variable in remote.EnumerateObject().Where(variable => VariableName().IsMatch(variable.Name)))
        {
            if (variable.Value.ValueKind == JsonValueKind.Null)
            {
                Unset(variable.Name, variables, container);
            }
            else if (variable.Value.ValueKind == JsonValueKind.String
                && variable.Value.GetString() is { } value
                && !value.Contains('\0', StringComparison.Ordinal))
            {
                variables[variable.Name] = ConfigurationVariables.Replace(value, name => Resolve(name, container), budget, Place);
            }
        }
    }

    /// <summary>A process of an engine cannot be without a variable that its container has, but can have nothing in it.</summary>
    private static void Unset(string name, Dictionary<string, string> variables, EngineContainer container)
    {
        variables.Remove(name);
        if (container.Environment.Any(entry => entry.StartsWith(name + "=", StringComparison.Ordinal)))
        {
            variables[name] = "";
        }
    }

    /// <summary>The container's own variables; the local ones would be the server's, and are empty.</summary>
    private static string? Resolve(string variable, EngineContainer container)
    {
        var parts = variable.Split(':', 3);
        if (parts[0] != "containerEnv" || parts.Length == 1)
        {
            return ConfigurationVariables.LocalEnvironment(variable);
        }

        var prefix = parts[1] + "=";
        return container.Environment.FirstOrDefault(entry => entry.StartsWith(prefix, StringComparison.Ordinal))?[prefix.Length..]
            ?? parts.ElementAtOrDefault(2) ?? "";
    }

    [GeneratedRegex(@"^[A-Za-z_][A-Za-z0-9_]*\z", RegexOptions.ExplicitCapture | RegexOptions.NonBacktracking)]
    private static partial Regex VariableName();
}
