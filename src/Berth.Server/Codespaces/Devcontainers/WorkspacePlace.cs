using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Berth.Server.Faults;

namespace Berth.Server.Codespaces.Devcontainers;

/// <summary>
/// The place of the workspace in the container, from <c>workspaceMount</c> and <c>workspaceFolder</c> of a devcontainer.json.
/// </summary>
internal static partial class WorkspacePlace
{
    /// <summary>The default place of the workspace.</summary>
    public static string Usual(string repository) => "/workspaces/" + repository;

    /// <summary>
    /// Turns a path at the workspace's place in the container into one within the checkout. <c>${localWorkspaceFolder}</c> was replaced by
    /// that place.
    /// </summary>
    public static string Within(string workspace, string path) => path == workspace ? "."
        : path.StartsWith(workspace + "/", StringComparison.Ordinal) ? path[(workspace.Length + 1)..]
        : path;

    /// <param name="repository">It is also the default name of the folder.</param>
    /// <returns>The path at which the workspace is mounted, and the folder in which processes start.</returns>
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

            // Only the target matters, since the source is always the codespace's own workspace.
            if (options.Find(option => option.Name is "source" or "src").Value?.TrimEnd('/') != "${localWorkspaceFolder}")
            {
                ignored.Add(
                    $"workspaceMount is ignored except for its target: what is "
                        + $"at {target} is the codespace's own workspace");
            }
        }

        // An empty text mounts nothing. It is for images that bring their own working folder, and that folder is not covered.
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

        // A folder within the workspace may have any name. A folder outside becomes the target of the mount.
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

        // A local folder of the host means the workspace in the container, since there is no other that anybody could reach.
        string InContainer(string text) => text.Replace("${localWorkspaceFolder}", Usual(repository), StringComparison.Ordinal);
    }

    private static ContainerPath? PathOf(string text) =>
        text.StartsWith('/') && !text.Split('/').Contains("..") && ContainerPath.TryParse(text, out var path) ? path : null;

    private static bool IsPlace(ContainerPath path) => !path.IsReserved && PlaceGrammar().IsMatch(path.Text);

    [GeneratedRegex(@"^/[A-Za-z0-9._/-]+\z", RegexOptions.ExplicitCapture | RegexOptions.NonBacktracking)]
    private static partial Regex PlaceGrammar();
}
