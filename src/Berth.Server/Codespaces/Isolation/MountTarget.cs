using System.Text.RegularExpressions;

namespace Berth.Server.Codespaces.Isolation;

/// <summary>The place in a container where a repository mounts something.</summary>
internal static partial class MountTarget
{
    /// <summary>
    /// Returns the place in its only spelling. Null for places of the kernel and of Berth, for the root, and for names with unusual
    /// characters. <c>/dev/shm</c> is an exception, since it is the container's own memory.
    /// </summary>
    public static string? Of(string path) =>
        path.StartsWith('/') && !path.Split('/').Contains("..") && ContainerPath.TryParse(path, out var target)
        && ((target != ContainerPath.Root && !target.IsReserved && PlaceGrammar().IsMatch(target.Text)) || target.Text == "/dev/shm")
            ? target.Text
            : null;

    [GeneratedRegex(@"^(/[A-Za-z0-9_.@+ -]+)+\z", RegexOptions.ExplicitCapture | RegexOptions.NonBacktracking)]
    private static partial Regex PlaceGrammar();
}
