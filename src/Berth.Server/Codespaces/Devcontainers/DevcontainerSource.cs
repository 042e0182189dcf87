using System.Text.Json.Nodes;
using Berth.Server.Oci;

namespace Berth.Server.Codespaces.Devcontainers;

/// <summary>Which of the three forms a configuration has.</summary>
internal abstract record DevcontainerSource;

/// <summary>One that is refused, so that nothing is known of it.</summary>
internal sealed record RefusedSource : DevcontainerSource;

/// <summary><c>image</c>.</summary>
internal sealed record ImageSource(ImageReference Image) : DevcontainerSource;

/// <summary><c>build</c>, or <c>dockerFile</c> as it was written once.</summary>
internal sealed record BuildSource(DockerfileBuild Build) : DevcontainerSource;

/// <summary><c>dockerComposeFile</c>.</summary>
/// <param name="RunServices">The others to start; null starts all.</param>
internal sealed record ComposeSource(IReadOnlyList<string> Files, string Service, IReadOnlyList<string>? RunServices) : DevcontainerSource;

/// <summary>One image to build from a Dockerfile.</summary>
/// <param name="Context">Folder within the checkout, empty for all of it.</param>
/// <param name="Target">The stage; null is the last.</param>
/// <param name="Network"><c>none</c>, or null for the codespace's own.</param>
internal sealed record DockerfileBuild(
    string Dockerfile, string Context, IReadOnlyDictionary<string, string> Arguments, string? Target, bool NoCache, string? Network,
    string? Inline = null)
{
    /// <summary>What it has beside its own context, by <see cref="NamedContext.KeyOf">names</see>.</summary>
    public IReadOnlyDictionary<string, NamedContext> Contexts { get; init; } = new Dictionary<string, NamedContext>();
}

/// <summary>A feature as a configuration asks for it.</summary>
/// <param name="Id"><c>ghcr.io/owner/features/go:1</c>, <c>./feature</c>.</param>
/// <param name="Written">As it stands in the file.</param>
internal sealed record FeatureRequest(string Id, JsonObject Options, string Written);

/// <summary>A secret that a repository recommends (containers.dev, <c>secrets</c>); never required.</summary>
internal sealed record RecommendedSecret(string Name, string? Description, string? DocumentationUrl);

/// <summary>What a repository asks of the machine; null where it says nothing.</summary>
internal sealed record HostRequirements(int? Cpus, long? MemoryBytes, long? StorageBytes, bool Gpu);
