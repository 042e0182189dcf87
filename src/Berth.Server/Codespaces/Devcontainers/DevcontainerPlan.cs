using System.Runtime.InteropServices;
using Berth.Server.Codespaces.Builds;
using Berth.Server.Codespaces.Compose;
using Berth.Server.Codespaces.Dockerfiles;
using Berth.Server.Codespaces.Expansion;
using Berth.Server.Codespaces.Features;
using Berth.Server.Codespaces.Isolation;
using Berth.Server.Faults;
using Berth.Server.Oci;

namespace Berth.Server.Codespaces.Devcontainers;

/// <summary>An image that a repository's files name.</summary>
/// <param name="Where">How it is named: <c>image</c>, <c>FROM</c>, <c>COPY --from</c>, <c>services.db.image</c>.</param>
/// <param name="Line">Counted from 1.</param>
internal sealed record ImageUse(ImageReference Reference, string Where, string File, int Line);

/// <summary>A feature that a configuration names.</summary>
internal sealed record FeatureUse(FeatureName Name, string File, int Line);

/// <summary>An image to build: what was asked for, and what was read of it.</summary>
internal sealed record PlannedBuild(
    DockerfileBuild Build, DockerfilePlan Dockerfile, IgnorePatterns Ignored, IReadOnlyDictionary<string, string> Pinned)
{
    private const long MaxBytes = 1024 * 1024;

    /// <exception cref="FaultException">The Dockerfile is not there or cannot be built; names path, line and reason.</exception>
    public static PlannedBuild Read(Checkout checkout, DockerfileBuild build, List<ImageUse> uses)
    {
        if (checkout.KindOf(build.Context) != FileKind.Folder)
        {
            checkout.Refusals.Add(new FaultException(
                FaultKind.Configuration, $"the context of {build.Dockerfile}, '{build.Context}', is no folder of the repository"));
        }

        var text = build.Inline ?? checkout.ReadText(build.Dockerfile, MaxBytes, "the Dockerfile");
        var plan = DockerfilePlan.Read(
            DockerfileParser.Parse(text, build.Dockerfile), build.Arguments, build.Target, Architecture, checkout.Budget,
            checkout.Refusals);
        Dictionary<string, string> pinned = new(StringComparer.Ordinal);
        foreach (var reference in plan.References)
        {
            if (!ImageReference.TryParse(reference.Text, checkout.DefaultRegistry, out var image, out var fault))
            {
                checkout.Refusals.Add(DockerfileParser.Fault(build.Dockerfile, reference.Line, $"{reference.Where}: {fault}"));
                continue;
            }

            uses.Add(new ImageUse(image, reference.Where, build.Dockerfile, reference.Line));
            pinned[reference.Text] = image.ToString();
        }

        return new PlannedBuild(build, plan, Ignore(checkout, build), pinned);
    }

    /// <summary>The Dockerfile's own list of what to leave out counts before the context's.</summary>
    private static IgnorePatterns Ignore(Checkout checkout, DockerfileBuild build)
    {
        var path = build.Dockerfile + ".dockerignore";
        if (build.Inline is not null || checkout.KindOf(path) == FileKind.Missing)
        {
            path = build.Context.Length == 0 ? ".dockerignore" : build.Context + "/.dockerignore";
        }

        return IgnorePatterns.Parse(
            checkout.KindOf(path) == FileKind.Missing ? "" : checkout.ReadText(path, MaxBytes, "the context"), path);
    }

    /// <summary>As docker names this machine's.</summary>
    internal static string Architecture => RuntimeInformation.OSArchitecture switch
    {
        System.Runtime.InteropServices.Architecture.X64 => "amd64",
        System.Runtime.InteropServices.Architecture.Arm64 => "arm64",
        var other => other.ToString().ToLowerInvariant(),
    };
}

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
                if (Compose?.WorkspaceTarget is { } target)
                {
                    Configuration = DevcontainerConfiguration.From(file, repository, target);
                }

                break;
        }

        Features = [.. Configuration.Features.Select(request => Refusals.Try(() => new FeatureUse(
            FeatureName.Parse(request.Id, file.Checkout, file.Folder, file.Path), file.Path, file.LineOf("features", request.Written))))
            .OfType<FeatureUse>()];
    }

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
        .. Compose?.Others.SelectMany(service => service.Build?.Dockerfile.Remarks ?? []) ?? [],
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
