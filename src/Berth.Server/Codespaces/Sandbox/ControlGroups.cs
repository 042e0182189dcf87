using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace Berth.Server.Codespaces.Sandbox;

/// <summary>
/// The machine's control groups: their folders, either in one hierarchy or (version 1) in one for each controller, and the names of this
/// host's groups. Groups that it makes are at the top level.
/// </summary>
internal static class ControlGroups
{
    private const string Root = "/sys/fs/cgroup";

    private static bool IsUnified => File.Exists(Path.Combine(Root, "cgroup.controllers"));

    /// <summary>
    /// The beginning of the names of a host's groups for one purpose. It has no dash, since a dash is a level of the hierarchy to systemd.
    /// </summary>
    public static string Prefix(string purpose, string host) =>
        $"berth{purpose}{Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(host)))[..8]}x";

    /// <summary>The folders of a group, one in every hierarchy that it needs.</summary>
    public static IEnumerable<string> Folders(string name, params IEnumerable<string> controllers) => IsUnified
        ? [Path.Combine(Root, name)]
        : controllers.Select(controller => Path.Combine(Root, controller, name));

    /// <summary>Makes a group, unless it exists.</summary>
    /// <exception cref="IOException">This server may not change the machine's groups.</exception>
    /// <exception cref="UnauthorizedAccessException">This server may not change the machine's groups.</exception>
    public static void Make(string name, params IReadOnlyCollection<string> controllers)
    {
        if (IsUnified)
        {
            File.WriteAllText(
                Path.Combine(Root, "cgroup.subtree_control"), string.Join(' ', controllers.Select(controller => "+" + controller)));
        }

        foreach (var folder in Folders(name, controllers))
        {
            Directory.CreateDirectory(folder);
        }
    }

    /// <summary>Limits what all processes of a group may use together. Null: no limit.</summary>
    /// <inheritdoc cref="Make"/>
    public static void Limit(string name, int processes, long? memoryBytes = null, double? cpus = null)
    {
        Write(name, "pids", "pids.max", "pids.max", processes);
        if (memoryBytes is { } bytes)
        {
            // A kernel that does not count swap has no file for it.
            Write(name, "memory", "memory.max", "memory.limit_in_bytes", bytes);
            Write(name, "memory", "memory.swap.max", "memory.memsw.limit_in_bytes", IsUnified ? 0 : bytes);
        }

        if (cpus is { } part)
        {
            var quota = (long)(part * 100_000);
            Write(name, "cpu", "cpu.max", "cpu.cfs_quota_us", IsUnified ? $"{quota} 100000" : quota);
        }
    }

    /// <summary>The groups whose names begin with the prefix, in every hierarchy.</summary>
    public static IEnumerable<string> Find(string prefix) => Directory.Exists(Root)
        ? Directory.EnumerateDirectories(Root).Append(Root)
            .SelectMany(hierarchy => Directory.EnumerateDirectories(hierarchy, prefix + "*"))
        : [];

    private static void Write(string name, string controller, string file, string oldFile, object value)
    {
        foreach (var path in Folders(name, controller).Select(folder => Path.Combine(folder, IsUnified ? file : oldFile))
            .Where(File.Exists))
        {
            File.WriteAllText(path, Convert.ToString(value, CultureInfo.InvariantCulture));
        }
    }
}
