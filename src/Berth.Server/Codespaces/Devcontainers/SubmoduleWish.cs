using System.Text.Json;
using Berth.Server.Codespaces.Expansion;
using Berth.Server.Faults;

namespace Berth.Server.Codespaces.Devcontainers;

/// <summary>What a checkout says of its submodules.</summary>
internal static class SubmoduleWish
{
    /// <summary>
    /// Whether its configuration (<c>customizations.berth.submodules</c>) wants them. Null: it says nothing, or nothing that can be read;
    /// what is wrong with it is said when all of it is read.
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
