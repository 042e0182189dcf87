using Berth.Server.Codespaces.Devcontainers;
using Berth.Server.Codespaces.Features;
using Berth.Server.Codespaces.Plans;
using Berth.Server.Oci;

namespace Berth.Server.Codespaces.Preflight;

/// <summary>Something that a configuration names and that a start fetches.</summary>
/// <param name="Kind"><c>image</c>, <c>dockerfile</c>, <c>feature</c> or <c>compose</c>.</param>
/// <param name="Where">The property or instruction that names it: <c>image</c>, <c>FROM</c>, …</param>
/// <param name="Line">Counted from 1.</param>
/// <param name="Image">Its name in a registry. Null when it lies in the repository or at a URL.</param>
internal sealed record NamedReference(string Kind, string Where, string File, int Line, string Text, ImageReference? Image)
{
    public const string FeatureKind = "feature";

    /// <summary>The platform that it asks for. Null: this machine's.</summary>
    public Platform? Platform { get; init; }

    /// <summary>Everything that a configuration names: images in order of appearance, then features.</summary>
    public static IReadOnlyList<NamedReference> AllOf(DevcontainerPlan plan) =>
    [
        .. plan.Images.Select(Of),
        .. plan.Features.Select(use => new NamedReference(FeatureKind, FeatureKind, use.File, use.Line, use.Name.Text, use.Name.Image)),
    ];

    /// <summary>The dependencies of features that the configuration does not name itself.</summary>
    public static IEnumerable<NamedReference> NeededOf(DevcontainerPlan plan, IEnumerable<Feature> features)
    {
        var known = plan.Features.Select(use => use.Name.Text).ToHashSet(StringComparer.Ordinal);
        return features.Where(feature => known.Add(feature.Name.Text))
            .Select(
                feature => new NamedReference(
                    FeatureKind, "dependsOn", plan.File.Path, plan.File.LineOf("features"), feature.Name.Text, feature.Name.Image));
    }

    private static NamedReference Of(ImageUse use) => new(
        use.Where switch
        {
            "image" => "image",
            _ when use.Where.StartsWith("services.", StringComparison.Ordinal) => "compose",
            _ => "dockerfile",
        },
        use.Where, use.File, use.Line, use.Reference.ToString(), use.Reference)
    {
        Platform = use.Platform,
    };
}
