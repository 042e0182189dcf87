using System.Globalization;

namespace Berth.Server.Codespaces.Isolation;

/// <summary>
/// The limits of single processes that a container may set for its own (setrlimit(2)). Limits that could take from others on the host, such
/// as real-time priorities, are not among them.
/// </summary>
internal static class ResourceLimits
{
    private static readonly string[] Names = ["as", "core", "cpu", "data", "fsize", "memlock", "nofile", "nproc", "stack"];

    /// <summary>The most files that one process may open. This is the engine's own limit for containers.</summary>
    private const long MostFiles = 1_048_576;

    /// <param name="limits"><c>SOFT[:HARD]</c>. -1 or <c>unlimited</c> means no limit.</param>
    /// <returns>Null when the text is wrong, or when a codespace may not set the limit.</returns>
    public static ResourceLimit? Of(string name, string limits)
    {
        var parts = limits.Split(':');
        if (!Names.Contains(name) || parts.Length > 2 || !TryParse(parts[0], out var soft) || !TryParse(parts[^1], out var hard))
        {
            return null;
        }

        if (name == "nofile")
        {
            (soft, hard) = (AtMost(soft), AtMost(hard));
        }

        return hard >= 0 && (soft < 0 || soft > hard) ? null : new ResourceLimit(name, soft, hard);
    }

    private static long AtMost(long files) => files < 0 ? MostFiles : Math.Min(files, MostFiles);

    private static bool TryParse(string text, out long value)
    {
        value = -1;
        return text is "unlimited" or "-1" || long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out value);
    }
}
