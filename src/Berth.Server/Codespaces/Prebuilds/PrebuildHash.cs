using System.Security.Cryptography;
using System.Text;
using Berth.Server.Codespaces.Dockerfiles;
using Berth.Server.Codespaces.Features;
using Berth.Server.Codespaces.Images;
using Berth.Server.Codespaces.Plans;

namespace Berth.Server.Codespaces.Prebuilds;

/// <summary>
/// A hash of everything that a repository's container depends on: the configuration files, the digests of images and features, and the
/// folders whose files become part of an image.
/// </summary>
internal static class PrebuildHash
{
    /// <summary>The folders of the checkout whose whole content counts.</summary>
    public static IReadOnlyList<string> FoldersOf(DevcontainerPlan plan, IReadOnlyList<Feature> features) =>
    [
        .. BuildsOf(plan).Where(build => build.Dockerfile.CopiesContext).Select(build => build.Build.Context)
            .Concat(BuildsOf(plan).SelectMany(build => build.IgnoredIn.Keys))
            .Concat(features.Select(feature => feature.Name.Folder).OfType<string>())
            .Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal),
    ];

    /// <param name="trees">Git's ids of the folders of <see cref="FoldersOf"/>.</param>
    public static string Of(
        DevcontainerPlan plan, IReadOnlyDictionary<string, PinnedImage> images, IReadOnlyList<Feature> features,
        IReadOnlyDictionary<string, string> trees)
    {
        List<string> parts =
        [
            plan.File.Path,
            .. plan.File.Checkout.FilesRead.Select(file => $"{file.Key}\0{file.Value}"),
            .. images.OrderBy(image => image.Key, StringComparer.Ordinal).Select(image => $"{image.Key}\0{image.Value.Reference}"),
            .. features.Select(feature => feature.Key),
            .. FoldersOf(plan, features).Select(folder => $"{folder}\0{trees.GetValueOrDefault(folder)}"),
        ];
        return Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(string.Join('\u0001', parts))));
    }

    private static IEnumerable<PlannedBuild> BuildsOf(DevcontainerPlan plan) =>
        (plan.Compose?.Others.Concat(plan.Compose.Sources) ?? []).Select(service => service.Build).Prepend(plan.Build)
            .OfType<PlannedBuild>();
}
