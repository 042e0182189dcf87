using Berth.Server.Codespaces.Devcontainers;
using Berth.Server.Faults;
using Berth.Server.Oci;

namespace Berth.Server.Codespaces.Dockerfiles;

/// <summary>An image to build: the configuration's request, and the Dockerfile that was read for it.</summary>
internal sealed record PlannedBuild(
    DockerfileBuild Build, DockerfilePlan Dockerfile, IgnorePatterns Ignored, IReadOnlyDictionary<string, string> Pinned)
{
    private const long MaxBytes = 1024 * 1024;

    /// <summary>The services of the compose files whose images this build uses.</summary>
    public IReadOnlyList<string> Services { get; init; } = [];

    /// <summary>The ignored files of folders other than the build's own context, by folder.</summary>
    public IReadOnlyDictionary<string, IgnorePatterns> IgnoredIn { get; init; } = new Dictionary<string, IgnorePatterns>();

    /// <exception cref="FaultException">The Dockerfile does not exist or cannot be built. The message names path, line and
    /// reason.</exception>
    public static PlannedBuild Read(Checkout checkout, DockerfileBuild build, List<ImageUse> uses)
    {
        if (checkout.KindOf(build.Context) != FileKind.Folder)
        {
            checkout.Refusals.Add(new FaultException(
                FaultKind.Configuration, $"the context of {build.Dockerfile}, '{build.Context}', is no folder of the repository"));
        }

        var text = build.Inline ?? checkout.ReadText(build.Dockerfile, MaxBytes, "the Dockerfile");
        var plan = DockerfilePlan.Read(
            DockerfileParser.Parse(text, build.Dockerfile), build.Arguments, build.Target, MachineArchitecture.Name, checkout.Budget,
            checkout.Refusals, build.Contexts);
        Dictionary<string, string> pinned = new(StringComparer.Ordinal);
        foreach (var reference in plan.References)
        {
            if (reference.Service is not null)
            {
                pinned[reference.Key] = reference.Text;
                continue;
            }

            if (!ImageReference.TryParse(reference.Text, checkout.Defaults.Registry, out var image, out var fault))
            {
                checkout.Refusals.Add(DockerfileParser.Fault(build.Dockerfile, reference.Line, $"{reference.Where}: {fault}"));
                continue;
            }

            var use = new ImageUse(image, reference.Where, build.Dockerfile, reference.Line) { Platform = reference.Platform };
            uses.Add(use);
            pinned[reference.Key] = use.Key;
        }

        return new PlannedBuild(build, plan, Ignore(checkout, build), pinned)
        {
            Services = [.. plan.References.Select(reference => reference.Service).OfType<string>().Distinct(StringComparer.Ordinal)],
            IgnoredIn = plan.Selections.Select(selection => selection.Context).OfType<string>().Distinct(StringComparer.Ordinal)
                .ToDictionary(folder => folder, folder => Ignore(checkout, IgnoreFileOf(folder)), StringComparer.Ordinal),
        };
    }

    private static string IgnoreFileOf(string folder) => folder.Length == 0 ? ".dockerignore" : folder + "/.dockerignore";

    /// <summary>Reads the ignored files. The Dockerfile's own list has priority over the context's.</summary>
    private static IgnorePatterns Ignore(Checkout checkout, DockerfileBuild build)
    {
        var path = build.Dockerfile + ".dockerignore";
        if (build.Inline is not null || checkout.KindOf(path) == FileKind.Missing)
        {
            path = IgnoreFileOf(build.Context);
        }

        return Ignore(checkout, path);
    }

    private static IgnorePatterns Ignore(Checkout checkout, string path) => IgnorePatterns.Parse(
        checkout.KindOf(path) == FileKind.Missing ? "" : checkout.ReadText(path, MaxBytes, "the context"), path);
}
