using System.Text.RegularExpressions;

namespace Berth.Server.Codespaces.Isolation;

/// <summary>Sizes as the engine's command line and compose files write them: <c>64m</c>, <c>1gb</c>, counted in 1024.</summary>
internal static partial class ByteSizes
{
    public static bool TryParse(string text, out long bytes)
    {
        var match = Grammar().Match(text);
        var shift = match.Groups["unit"].Value.ToLowerInvariant() switch { "t" => 40, "g" => 30, "m" => 20, "k" => 10, _ => 0 };
        bytes = 0;
        if (!match.Success || !long.TryParse(match.Groups["number"].Value, out var number) || number >= 1L << (50 - shift))
        {
            return false;
        }

        bytes = number << shift;
        return true;
    }

    [GeneratedRegex(@"^(?<number>[0-9]{1,15})(?<unit>[kmgtKMGT]?)i?[bB]?\z", RegexOptions.ExplicitCapture | RegexOptions.NonBacktracking)]
    private static partial Regex Grammar();
}
