using Berth.Server.Codespaces.Devcontainers;
using Berth.Server.Codespaces.Dockerfiles;

namespace Berth.Server.Codespaces.Compose;

/// <content>Reads how a service's image is built.</content>
internal sealed partial class ServiceReader
{
    private void CheckBuild(ComposeMap build, string name)
    {
        foreach (var (key, value) in build.Entries.Where(entry => !entry.Value.IsUnset))
        {
            Refusals.Try(() => CheckBuild(key, value, name));
        }
    }

    private void CheckBuild(string key, ComposeNode value, string name)
    {
        switch (key)
        {
            case "context" or "dockerfile" or "dockerfile_inline" or "args" or "target" or "no_cache" or "pull"
                or "additional_contexts":
                break;
            case "network" when value is ComposeText { Value: "none" or "default" }:
                break;
            case "network" or "privileged" or "entitlements" or "extra_hosts" or "isolation":
                LeaveOut("builds reach what the codespace reaches, or nothing (network: none), and have no further rights");
                break;
            case "secrets" or "ssh":
                LeaveOut("builds get no secrets; use them in postCreateCommand");
                break;
            default:
                LeaveOut("builds share a cache only with earlier builds of the same repository, and make one image");
                break;
        }

        void LeaveOut(string reason) =>
            remarks.Add($"{value.File}:{value.Line}: services.{name}.build.{key} is left out: {reason}");
    }

    private PlannedBuild Build(ComposeMap build, string name)
    {
        CheckBuild(build, name);
        var context = build["context"] is { } node ? ComposeFiles.TextOf(node) : ".";
        var where = build["context"] ?? build;
        if (context.Contains("://", StringComparison.Ordinal) || context.StartsWith("git@", StringComparison.Ordinal))
        {
            throw where.Fault(
                $"services.{name}.build.context: '{context}' is not in the repository; builds take the repository's own files");
        }

        var what = $"{where.File}:{where.Line}: services.{name}.build";
        var folder = checkout.Locate(files.FolderOf(where), context, what + ".context");
        var dockerfile = build["dockerfile"] is { } path ? ComposeFiles.TextOf(path) : "Dockerfile";
        var arguments = (build["args"] as ComposeMap)?.Entries.Where(entry => entry.Value is ComposeText { IsNull: false })
            .ToDictionary(
                entry => Matching(entry.Key, VariableGrammar(), entry.Value, "name of an argument"),
                entry => ComposeFiles.TextOf(entry.Value), StringComparer.Ordinal)
                ?? [];
        return PlannedBuild.Read(checkout, new DockerfileBuild(
            build["dockerfile_inline"] is { } inline
                ? $"{inline.File} (services.{name}.build.dockerfile_inline)"
                : checkout.Locate(folder, dockerfile, what + ".dockerfile"),
            folder, arguments, Text(build, "target"), Flag(build, name, "no_cache"),
            build["network"] is ComposeText { Value: "none" } ? "none" : null,
            build["dockerfile_inline"] is { } text ? ComposeFiles.TextOf(text) : null)
        {
            Contexts = Contexts(build, name),
        }, uses);
    }

    private Dictionary<string, NamedContext> Contexts(ComposeMap build, string name)
    {
        IReadOnlyCollection<string> services = [.. (project["services"] as ComposeMap)?.Entries.Keys ?? []];
        Dictionary<string, NamedContext> contexts = new(StringComparer.Ordinal);
        foreach (var (key, value) in (build["additional_contexts"] as ComposeMap)?.Entries ?? new Dictionary<string, ComposeNode>())
        {
            Refusals.Try(() => NamedContext.Add(
                contexts, key, ComposeFiles.TextOf(value), checkout, files.FolderOf(value), services,
                $"{value.File}:{value.Line}: services.{name}.build.additional_contexts.{key}", value.Place));
        }

        return contexts;
    }
}
