using Berth.Server.Codespaces.Isolation;

namespace Berth.Server.Codespaces.Compose;

/// <summary>Reads the capabilities and limits of a service's processes.</summary>
internal sealed partial class ServiceReader
{
    /// <summary>
    /// True when the service asks for the only capability that can be added. Capabilities that every container has are ignored silently.
    /// </summary>
    private bool Debugging(ComposeMap service, string name)
    {
        var debugging = false;
        foreach (var node in MountReader.Items(service["cap_add"], $"services.{name}.cap_add"))
        {
            var capability = ComposeFiles.TextOf(node);
            debugging |= Capabilities.IsDebugging(capability);
            if (!Capabilities.IsGiven(capability))
            {
                remarks.Add(
                    $"{node.File}:{node.Line}: services.{name}.cap_add: {capability} is left out: added capabilities are not allowed, but "
                        + "for SYS_PTRACE");
            }
        }

        return debugging;
    }

    private List<ResourceLimit> Limits(ComposeMap service, string name)
    {
        List<ResourceLimit> limits = [];
        foreach (var (limit, node) in (service["ulimits"] as ComposeMap)?.Entries ?? new Dictionary<string, ComposeNode>())
        {
            var text = node is ComposeMap both
                ? $"{Text(both, "soft") ?? Text(both, "hard")}:{Text(both, "hard") ?? Text(both, "soft")}"
                : ComposeFiles.TextOf(node);
            if (ResourceLimits.Of(limit, text) is { } read)
            {
                limits.Add(read);
            }
            else
            {
                remarks.Add(
                    $"{node.File}:{node.Line}: services.{name}.ulimits.{limit} is ignored: it is no limit that a codespace may set");
            }
        }

        return limits;
    }

    private static long Bytes(string text, ComposeNode node) =>
        ByteSizes.TryParse(text, out var bytes) ? bytes : throw node.Fault($"'{text}' is no size such as 64m");
}
