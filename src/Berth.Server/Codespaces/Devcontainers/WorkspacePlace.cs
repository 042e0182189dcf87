using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Berth.Server.Faults;

namespace Berth.Server.Codespaces.Devcontainers;

/// <summary>Where the workspace is in the container: <c>workspaceMount</c> and <c>workspaceFolder</c> of a devcontainer.json.</summary>
internal static partial class WorkspacePlace
{
    /// <param name="repository">Its name, and the folder's when nothing is said.</param>
    /// <returns>What is mounted, and where processes start.</returns>
    public static (string Target, string Folder) Read(JsonObject config, DevcontainerFile file, string repository, List<string> ignored)
    {
        var refusals = file.Checkout.Refusals;
        var target = "/workspaces/" + repository;
        if (refusals.Try(() => DevcontainerConfiguration.Text(config, "workspaceMount", file.Path)) is { } mount)
        {
            // Only its target is of interest; the source is always the codespace's own workspace.
            var part = InContainer(mount).Split(',')
                .Select(option => option.Split('=', 2))
                .FirstOrDefault(option => option.Length == 2 && option[0].Trim() is "target" or "dst" or "destination");
            if (part is not null && PathOf(part[1].Trim()) is { } place && IsPlace(place))
            {
                target = place.Text;
            }

            ignored.Add($"workspaceMount is ignored except for its target: Berth mounts the workspace (at {target})");
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
        string InContainer(string text) => text.Replace("${localWorkspaceFolder}", "/workspaces/" + repository, StringComparison.Ordinal);
    }

    private static ContainerPath? PathOf(string text) =>
        text.StartsWith('/') && !text.Split('/').Contains("..") && ContainerPath.TryParse(text, out var path) ? path : null;

    private static bool IsPlace(ContainerPath path) => !path.IsReserved && PlaceGrammar().IsMatch(path.Text);

    [GeneratedRegex(@"^/[A-Za-z0-9._/-]+\z", RegexOptions.ExplicitCapture | RegexOptions.NonBacktracking)]
    private static partial Regex PlaceGrammar();
}
