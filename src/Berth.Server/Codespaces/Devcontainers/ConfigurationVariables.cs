using System.Text.Json;
using System.Text.Json.Nodes;
using Berth.Server.Codespaces.Expansion;

namespace Berth.Server.Codespaces.Devcontainers;

/// <summary>
/// Replaces <c>${…}</c> in the values of a devcontainer.json (containers.dev, "Variables in devcontainer.json"). Variables within an
/// inserted value are not replaced.
/// </summary>
internal static class ConfigurationVariables
{
    /// <param name="valueOf">Returns the value for the text between the braces. Null leaves the variable as it is.</param>
    /// <exception cref="Faults.FaultException">The result becomes too large.</exception>
    public static JsonNode? Replace(JsonNode? node, Func<string, string?> valueOf, ExpansionBudget budget, TextPlace place)
    {
        switch (node)
        {
            case JsonObject map:
                var entries = new JsonObject();
                foreach (var (name, value) in map)
                {
                    entries[name] = Replace(value, valueOf, budget, place);
                }

                return entries;
            case JsonArray list:
                var items = new JsonArray();
                foreach (var item in list)
                {
                    items.Add(Replace(item, valueOf, budget, place));
                }

                return items;
            case { } value when value.GetValueKind() == JsonValueKind.String && value.GetValue<string>() is var text
                && text.Contains("${", StringComparison.Ordinal):
                return Replace(text, valueOf, budget, place);
            default:
                return node?.DeepClone();
        }
    }

    /// <inheritdoc cref="Replace(JsonNode?, Func{string, string?}, ExpansionBudget, TextPlace)"/>
    public static string Replace(string text, Func<string, string?> valueOf, ExpansionBudget budget, TextPlace place)
    {
        var result = new ExpandedText(budget, place);
        var position = 0;
        while (true)
        {
            var start = text.IndexOf("${", position, StringComparison.Ordinal);
            var end = start < 0 ? -1 : text.IndexOf('}', start);
            if (end < 0)
            {
                return result.Append(text.AsSpan(position)).ToString();
            }

            result.Append(text.AsSpan(position, start - position));
            result.Append(valueOf(text[(start + 2)..end]) ?? text[start..(end + 1)]);
            position = end + 1;
        }
    }

    /// <summary>
    /// Replaces <c>localEnv:NAME:default</c> by its default, since the local environment would be the server's. Null for anything else.
    /// </summary>
    public static string? LocalEnvironment(string variable)
    {
        var parts = variable.Split(':', 3);
        return parts[0] is "localEnv" or "env" && parts.Length > 1 ? parts.ElementAtOrDefault(2) ?? "" : null;
    }
}
