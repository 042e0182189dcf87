using System.Text.RegularExpressions;

namespace Berth.Server.Codespaces.Sandbox;

/// <summary>One mount that this server sees.</summary>
/// <param name="Device"><c>MAJOR:MINOR</c>.</param>
/// <param name="Options">Separated by commas.</param>
/// <param name="Source">The mounted device or folder, as it was given to the mount call.</param>
internal sealed record MountEntry(string Device, string Point, string Options, string Source);

/// <summary>The mounts that this server sees, as proc(5) lists them.</summary>
internal static partial class MountTable
{
    public static IEnumerable<MountEntry> Read()
    {
        foreach (var line in File.ReadLines("/proc/self/mountinfo"))
        {
            // Number, parent, device, root, mount point, options, …, "-", type, source, options of the filesystem.
            var fields = line.Split(' ');
            yield return new MountEntry(fields[2], Unescape(fields[4]), fields[5], Unescape(fields[Array.IndexOf(fields, "-") + 2]));
        }
    }

    /// <summary>Space, tab, line end and backslash are written as octal numbers there.</summary>
    private static string Unescape(string text) =>
        Octal().Replace(text, match => ((char)Convert.ToInt32(match.Groups["digits"].Value, 8)).ToString());

    [GeneratedRegex(@"\\(?<digits>[0-7]{3})", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Octal();
}
