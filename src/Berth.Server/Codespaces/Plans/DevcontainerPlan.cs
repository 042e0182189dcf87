using Berth.Server.Codespaces.Compose;
using Berth.Server.Codespaces.Devcontainers;
using Berth.Server.Codespaces.Dockerfiles;
using Berth.Server.Codespaces.Expansion;
using Berth.Server.Codespaces.Features;
using Berth.Server.Codespaces.Isolation;
using Berth.Server.Faults;
using Berth.Server.Oci;

namespace Berth.Server.Codespaces.Plans;

/// <summary>A feature that a configuration names.</summary>
internal sealed record FeatureUse(FeatureName Name, string File, int Line);

/// <summary>
/// What a configuration needs before a container can start: the images to fetch and those to build. Reads the checkout, fetches and starts
/// nothing, so it serves a check before the first start as well.
/// </summary>
internal sealed class DevcontainerPlan
{
    private readonly List<ImageUse> _images = [];

    private DevcontainerPlan(DevcontainerFile file, DevcontainerConfiguration configuration, string repository)
    {
        File = file;
        Configuration = configuration;
        switch (configuration.Source)
        {
            case ImageSource source:
                _images.Add(new ImageUse(source.Image, "image", file.Path, file.LineOf("image")));
                break;
            case BuildSource source:
                Build = Refusals.Try(() => PlannedBuild.Read(file.Checkout, source.Build, _images));
                break;
            case ComposeSource source:
                Compose = Refusals.Try(() => ComposePlan.Read(file.Checkout, source, repository, _images));
                Build = Compose?.Main.Build;
                if (WorkspaceTarget(repository) is { } target)
                {
                    Configuration = DevcontainerConfiguration.From(file, repository, target);
                }

                break;
        }

        Features = [.. Configuration.Features.Select(request => Refusals.Try(() => new FeatureUse(
            FeatureName.Parse(request.Id, file.Checkout, file.Folder, file.Path), file.Path, file.LineOf("features", request.Written))))
            .OfType<FeatureUse>()];
    }

    /// <summary>
    /// Where the main service mounts the checkout, or the usual place where it mounts something else at the folder that people work in: a
    /// part of the repository. Null when it says neither.
    /// </summary>
    private string? WorkspaceTarget(string repository) =>
        Compose?.WorkspaceTarget
            ?? (Compose?.Main.Mounts.Any(
                    mount => $"{Configuration.WorkspaceFolder}/".StartsWith(mount.Target + "/", StringComparison.Ordinal)) == true
                ? WorkspacePlace.Usual(repository)
                : null);

    /// <summary>The features that the configuration itself names; what they depend on is known when they are fetched.</summary>
    public IReadOnlyList<FeatureUse> Features { get; }

    public DevcontainerFile File { get; }

    public DevcontainerConfiguration Configuration { get; }

    /// <summary>What may still be made of its texts, by whoever goes on with it.</summary>
    public ExpansionBudget Budget => File.Checkout.Budget;

    /// <summary>What of it keeps it from being started; the rest was read all the same.</summary>
    public Refusals Refusals => File.Checkout.Refusals;

    /// <summary>What the container's image is built from; null where it is named.</summary>
    public PlannedBuild? Build { get; }

    /// <summary>The image that the container is made from; null where it is built.</summary>
    public ImageReference? Image => Configuration.Image ?? Compose?.Main.Image;

    /// <summary>Of the form <c>dockerComposeFile</c>.</summary>
    public ComposePlan? Compose { get; }

    /// <summary>
    /// Docker inside, as far as it is known before features and images are: those may ask for it as well.
    /// </summary>
    public bool WantsDocker => Configuration.Docker != false
        && (Configuration.Mounts.Any(DockerSocket.IsMount)
            || (Compose?.Others.Prepend(Compose.Main) ?? []).Any(service => service.Mounts.Any(DockerSocket.IsMount)));

    /// <summary>Every image that is used, in order of appearance; the same one may appear twice.</summary>
    public IReadOnlyList<ImageUse> Images => _images;

    /// <summary>What is done otherwise than written, for the log.</summary>
    public IEnumerable<string> Remarks =>
    [
        .. Configuration.Ignored, .. Build?.Dockerfile.Remarks ?? [], .. Compose?.Remarks ?? [],
        .. Compose?.Others.Concat(Compose.Sources).SelectMany(service => service.Build?.Dockerfile.Remarks ?? []) ?? [],
    ];

    /// <summary>In a few words, for the log.</summary>
    public string Summary => Configuration.Source switch
    {
        ImageSource source => $"image {source.Image}",
        BuildSource source =>
            $"an image built from {source.Build.Dockerfile}{(source.Build.Target is { } target ? $", stage {target}" : "")}",
        ComposeSource source => $"service {source.Service} of {string.Join(", ", source.Files)}",
        _ => "",
    };

    /// <param name="path">Which configuration; null looks at the usual places.</param>
    /// <exception cref="FaultException">It cannot be read at all; names file, line and reason.</exception>
    public static DevcontainerPlan Read(Checkout checkout, string? path, string repository)
    {
        var file = DevcontainerFile.Read(checkout, path);
        return new DevcontainerPlan(file, DevcontainerConfiguration.From(file, repository), repository);
    }
}
