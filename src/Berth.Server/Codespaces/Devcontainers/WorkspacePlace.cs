using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Berth.Server.Faults;

namespace Berth.Server.Codespaces.Devcontainers;

/// <summary>Where the workspace is in the container: <c>workspaceMount</c> and <c>workspaceFolder</c> of a devcontainer.json.</summary>
internal static partial class WorkspacePlace
{
    /// <summary>Where it is when nothing is said.</summary>
    public static string Usual(string repository) => "/workspaces/" + repository;

    /// <summary>
    /// A path within the checkout, of one in the workspace's place in the container: <c>${localWorkspaceFolder}</c> was replaced by that.
    /// </summary>
    public static string Within(string workspace, string path) => path == workspace ? "."
        : path.StartsWith(workspace + "/", StringComparison.Ordinal) ? path[(workspace.Length + 1)..]
        : path;

    /// <param name="repository">Its name, and the folder's when nothing is said.</param>
    /// <returns>What is mounted, and where processes start.</returns>
    public static (string Target, string Folder) Read(JsonObject config, DevcontainerFile file, string repository, List<string> ignored)
    {
        var refusals = file.Checkout.Refusals;
        var target = Usual(repository);
        if (refusals.Try(() => DevcontainerConfiguration.Text(config, "workspaceMount", file.Path)) is { } mount)
        {
            var options = mount.Split(',').Select(option => option.Split('=', 2)).Where(option => option.Length == 2)
                .Select(option => (Name: option[0].Trim(), Value: option[1].Trim())).ToList();
            var part = options.Find(option => option.Name is "target" or "dst" or "destination");
            if (part.Value is not null && PathOf(InContainer(part.Value)) is { } place && IsPlace(place))
            {
                target = place.Text;
            }

            // Only its target is of interest; the source is always the codespace's own workspace.
            if (options.Find(option => option.Name is "source" or "src").Value?.TrimEnd('/') != "${localWorkspaceFolder}")
            {
                ignored.Add(
                    $"workspaceMount is ignored except for its target: what is "
                        + $"at {target} is the codespace's own workspace");
            }
        }

        // An empty one mounts nothing, for images that bring their own folder to work in: that one stays as it is.
        var bringsFolder = config["workspaceMount"] is JsonValue mounted && mounted.TryGetValue<string>(out var nothing) && nothing is "";
        if (bringsFolder)
        {
            ignored.Add($"workspaceMount is empty: the workspace is at {target} all the same");
        }

        if (refusals.Try(() => DevcontainerConfiguration.Text(config, "workspaceFolder", file.Path)) is not { } named)
        {
            return (target, target);
        }

        var folder = InContainer(named);

        // A folder of the workspace may have any name; one beside it becomes a mount's target.
        if (PathOf(folder) is { } at)
        {
            if (at.Text == target || at.Text.StartsWith(target + "/", StringComparison.Ordinal))
            {
                return (target, at.Text);
            }

            if (IsPlace(at))
            {
                return (bringsFolder ? target : at.Text, at.Text);
            }
        }

        refusals.Add(
            new FaultException(
                FaultKind.Configuration,
                $"{file.Path}: workspaceFolder must be an absolute path without '..', not the kernel's and, outside {target}, of letters, "
                    + $"digits and . _ - alone; not '{folder}'"));
        return (target, target);

        // The folder of the host that it would be is the one in the container: there is no other that anybody could reach.
        string InContainer(string text) => text.Replace("${localWorkspaceFolder}", Usual(repository), StringComparison.Ordinal);
    }

    private static ContainerPath? PathOf(string text) =>
        text.StartsWith('/') && !text.Split('/').Contains("..") && ContainerPath.TryParse(text, out var path) ? path : null;

    private static bool IsPlace(ContainerPath path) => !path.IsReserved && PlaceGrammar().IsMatch(path.Text);

    [GeneratedRegex(@"^/[A-Za-z0-9._/-]+\z", RegexOptions.ExplicitCapture | RegexOptions.NonBacktracking)]
    private static partial Regex PlaceGrammar();
}
