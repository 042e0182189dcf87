using System.Text.Json.Nodes;
using Berth.Server.Oci;

namespace Berth.Server.Codespaces.Devcontainers;

/// <summary>The form of a configuration, one of three.</summary>
internal abstract record DevcontainerSource;

/// <summary>A form that was refused, so that nothing is known about it.</summary>
internal sealed record RefusedSource : DevcontainerSource;

/// <summary><c>image</c>.</summary>
internal sealed record ImageSource(ImageReference Image) : DevcontainerSource;

/// <summary><c>build</c>, or its older spelling <c>dockerFile</c>.</summary>
internal sealed record BuildSource(DockerfileBuild Build) : DevcontainerSource;

/// <summary><c>dockerComposeFile</c>.</summary>
/// <param name="RunServices">The other services to start. Null: all of them.</param>
internal sealed record ComposeSource(IReadOnlyList<string> Files, string Service, IReadOnlyList<string>? RunServices) : DevcontainerSource;

/// <summary>One image to build from a Dockerfile.</summary>
/// <param name="Context">A folder within the checkout. Empty: the whole checkout.</param>
/// <param name="Target">Null: the last stage.</param>
/// <param name="Network"><c>none</c>. Null: the codespace's own network.</param>
internal sealed record DockerfileBuild(
    string Dockerfile, string Context, IReadOnlyDictionary<string, string> Arguments, string? Target, bool NoCache, string? Network,
    string? Inline = null)
{
    /// <summary>Named contexts in addition to its own context, by <see cref="NamedContext.KeyOf">names</see>.</summary>
    public IReadOnlyDictionary<string, NamedContext> Contexts { get; init; } = new Dictionary<string, NamedContext>();
}

/// <summary>A feature as a configuration asks for it.</summary>
/// <param name="Id"><c>ghcr.io/owner/features/go:1</c>, <c>./feature</c>.</param>
internal sealed record FeatureRequest(string Id, JsonObject Options, string Written);

/// <summary>A secret that a repository recommends (containers.dev, <c>secrets</c>); never required.</summary>
internal sealed record RecommendedSecret(string Name, string? Description, string? DocumentationUrl);

/// <summary>The machine that a repository asks for. Null where it says nothing.</summary>
internal sealed record HostRequirements(int? Cpus, long? MemoryBytes, long? StorageBytes, bool Gpu);
