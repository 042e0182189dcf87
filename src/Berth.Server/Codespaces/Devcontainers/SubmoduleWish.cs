using System.Text.Json;
using Berth.Server.Codespaces.Expansion;
using Berth.Server.Faults;

namespace Berth.Server.Codespaces.Devcontainers;

/// <summary>Reads whether a checkout's configuration asks for its submodules.</summary>
internal static class SubmoduleWish
{
    /// <summary>
    /// True when the configuration (<c>customizations.berth.submodules</c>) asks for them. Null when it does not say so or cannot be read.
    /// Its faults are reported when the whole configuration is read.
    /// </summary>
    public static bool? Of(string checkout, string? path, CancellationToken cancellationToken)
    {
        try
        {
            var content = DevcontainerFile.Read(new Checkout(checkout, new ExpansionBudget(cancellationToken)), path).Content;
            return Inner(Inner(Inner(content, "customizations"), "berth"), "submodules")?.ValueKind switch
            {
                JsonValueKind.True => true,
                JsonValueKind.False => false,
                _ => null,
            };
        }
        catch (FaultException)
        {
            return null;
        }
    }

    private static JsonElement? Inner(JsonElement? element, string name) =>
        element is { ValueKind: JsonValueKind.Object } parent && parent.TryGetProperty(name, out var value) ? value : null;
}
