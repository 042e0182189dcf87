using System.Text.RegularExpressions;

namespace Berth.Server.Codespaces.Dockerfiles;

/// <summary>
/// What a Dockerfile may not name: Berth's labels, and the kernel's folders.
/// </summary>
internal static partial class ReservedNames
{
    /// <summary>
    /// Says why an instruction is refused. Null when it is not. Quotes and escapes are ignored, as the engine ignores them.
    /// </summary>
    public static string? Refusal(DockerfileInstruction instruction, char escape)
    {
        var text = Quotes().Replace(instruction.Arguments, "");
        return instruction.Name switch
        {
            "LABEL" => RefusedLabel(LabelNames.Of(instruction.Arguments, escape)),

            // CVE-2024-21626 (a folder of the host that the runtime had open) and CVE-2019-16884 (a volume over /proc, and with it over the
            // runtime's checks).
            "WORKDIR" or "VOLUME" when KernelFolder().IsMatch(text) => $"{instruction.Name} does not name folders of /proc, /sys and /dev",
            _ => null,
        };
    }

    private static string? RefusedLabel(IEnumerable<string> names)
    {
        foreach (var name in names)
        {
            if (name.Contains('$', StringComparison.Ordinal))
            {
                return $"the label {DockerfileParser.Short(name)}: names of labels take no variables here";
            }

            if (BerthLabels.IsOwn(LabelNames.Bare(name)))
            {
                return $"the label {DockerfileParser.Short(name)}: labels that begin with {BerthLabels.Prefix} are Berth's own";
            }
        }

        return null;
    }

    [GeneratedRegex("""["'\\`]""", RegexOptions.NonBacktracking)]
    private static partial Regex Quotes();

    [GeneratedRegex(@"(^|[\s\[,])/*(\.*/+)*(proc|sys|dev)(/|[\s\],]|$)", RegexOptions.ExplicitCapture | RegexOptions.NonBacktracking)]
    private static partial Regex KernelFolder();
}
