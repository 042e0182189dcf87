using System.Text.RegularExpressions;

namespace Berth.Server.Codespaces.Dockerfiles;

/// <summary>
/// What a Dockerfile may not name: Berth's labels, by which a build's containers are found and held to their limits, and the kernel's
/// folders.
/// </summary>
internal static partial class ReservedNames
{
    /// <summary>
    /// Null when there is nothing to say against it. Quotes and backslashes count for nothing, as they do for the engine.
    /// </summary>
    public static string? Refusal(DockerfileInstruction instruction)
    {
        var text = Quotes().Replace(instruction.Arguments, "");
        return instruction.Name switch
        {
            "LABEL" when text.Contains("berth.", StringComparison.OrdinalIgnoreCase) => "labels that begin with berth. are Berth's own",
            "LABEL" when VariableName().IsMatch(text) => "names of labels take no variables here",

            // CVE-2024-21626 (a folder of the host that the runtime had open) and CVE-2019-16884 (a volume over /proc, and with it over the
            // runtime's checks).
            "WORKDIR" or "VOLUME" when KernelFolder().IsMatch(text) => $"{instruction.Name} does not name folders of /proc, /sys and /dev",
            _ => null,
        };
    }

    [GeneratedRegex("""["'\\]""", RegexOptions.NonBacktracking)]
    private static partial Regex Quotes();

    [GeneratedRegex(@"^\s*[^=\s]*\$|\s[^=\s]*\$[^=\s]*=", RegexOptions.NonBacktracking)]
    private static partial Regex VariableName();

    [GeneratedRegex(@"(^|[\s\[,])/*(\.*/+)*(proc|sys|dev)(/|[\s\],]|$)", RegexOptions.ExplicitCapture | RegexOptions.NonBacktracking)]
    private static partial Regex KernelFolder();
}
