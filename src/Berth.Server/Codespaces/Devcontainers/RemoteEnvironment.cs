using System.Text.Json;
using System.Text.RegularExpressions;
using Berth.Server.Codespaces.Engine;
using Berth.Server.Json;

namespace Berth.Server.Codespaces.Devcontainers;

/// <summary>
/// <c>remoteEnv</c> of a dev container: variables of what tools start in it, not of the container. Read from the label that the dev
/// container tools leave on the container (containers.dev, "devcontainer.metadata"), where later entries win.
/// </summary>
internal static partial class RemoteEnvironment
{
    /// <returns>Each as NAME=VALUE.</returns>
    public static IReadOnlyList<string> Of(EngineContainer container)
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
                    Read(remote, variables, container);
                }
            }
        }
        catch (OutsideJsonException)
        {
            // An image wrote it; the tools that could not read it have said so at the start.
        }

        return [.. variables.Select(variable => $"{variable.Key}={variable.Value}")];
    }

    private static void Read(JsonElement remote, Dictionary<string, string> variables, EngineContainer container)
    {
        foreach (var variable in remote.EnumerateObject().Where(variable => VariableName().IsMatch(variable.Name)))
        {
            if (variable.Value.ValueKind == JsonValueKind.String
                && variable.Value.GetString() is { } value
                && !value.Contains('\0', StringComparison.Ordinal))
            {
                variables[variable.Name] = Reference().Replace(value, match => Resolve(match, container));
            }
        }
    }

    /// <summary>The container's own variables; the local ones would be the server's, and are empty.</summary>
    private static string Resolve(Match match, EngineContainer container)
    {
        var prefix = match.Groups["name"].Value + "=";
        var value = match.Groups["kind"].Value == "containerEnv"
            ? container.Environment.FirstOrDefault(entry => entry.StartsWith(prefix, StringComparison.Ordinal))?[prefix.Length..]
            : null;
        return value ?? match.Groups["default"].Value;
    }

    [GeneratedRegex(@"\$\{(?<kind>containerEnv|localEnv|env):(?<name>[^:}]*)(:(?<default>[^}]*))?\}", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Reference();

    [GeneratedRegex(@"^[A-Za-z_][A-Za-z0-9_]*\z", RegexOptions.ExplicitCapture | RegexOptions.NonBacktracking)]
    private static partial Regex VariableName();
}
