using System.Text.RegularExpressions;

namespace Berth.Server.Codespaces.Isolation;

/// <summary>Where in a container something of a repository's is mounted.</summary>
internal static partial class MountTarget
{
    /// <summary>
    /// The place in its one spelling; null for the kernel's places and Berth's, the root, and names with surprises. <c>/dev/shm</c> alone
    /// is memory of the container's own.
    /// </summary>
    public static string? Of(string path) =>
        path.StartsWith('/') && !path.Split('/').Contains("..") && ContainerPath.TryParse(path, out var target)
        && ((target != ContainerPath.Root && !target.IsReserved && PlaceGrammar().IsMatch(target.Text)) || target.Text == "/dev/shm")
            ? target.Text
            : null;

    [GeneratedRegex(@"^(/[A-Za-z0-9_.@+ -]+)+\z", RegexOptions.ExplicitCapture | RegexOptions.NonBacktracking)]
    private static partial Regex PlaceGrammar();
}
