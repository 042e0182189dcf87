using Berth.Server.Codespaces.Builds;
using Berth.Server.Codespaces.Compose;
using Berth.Server.Codespaces.Images;

namespace Berth.Server.Codespaces.Steps;

/// <summary>Settles the images of a compose file's services: fetched before or built here.</summary>
internal sealed class BuildServices(BuildDockerfile build)
{
    /// <param name="built">This method adds the images that it settles, by service.</param>
    /// <returns>The images of the services beside the main one, as the engine knows them, by service.</returns>
    public async Task<IReadOnlyDictionary<string, string>> RunAsync(
        FetchedStart start, ComposePlan compose, Dictionary<string, PinnedImage> built, CancellationToken cancellationToken)
    {
        Dictionary<string, string> images = new(StringComparer.Ordinal);
        foreach (var service in compose.Others)
        {
            images[service.Name] = (await ImageAsync(start, compose, service, built, cancellationToken)).Reference;
        }

        return images;
    }

    /// <summary>Settles one service after those whose images it is built from. The plan has checked that there is no circle.</summary>
    /// <inheritdoc cref="RunAsync"/>
    public async Task<PinnedImage> ImageAsync(
        FetchedStart start, ComposePlan compose, ComposeService service, Dictionary<string, PinnedImage> built,
        CancellationToken cancellationToken)
    {
        if (built.TryGetValue(service.Name, out var known))
        {
            return known;
        }

        if (service.Build is not { } planned)
        {
            return built[service.Name] = start.Images[service.Image!.ToString()];
        }

        List<ComposeService> others = [.. compose.Others, .. compose.Sources];
        var below = new Dictionary<string, PinnedImage>(StringComparer.Ordinal);
        foreach (var name in planned.Services)
        {
            below[name] = await ImageAsync(
                start, compose, others.Find(other => other.Name == name) ?? compose.Main, built, cancellationToken);
        }

        var purpose = service == compose.Main ? "dockerfile" : $"service{others.IndexOf(service)}";
        return built[service.Name] = await build.RunAsync(start.ForBuilds.With(below), planned, purpose, cancellationToken);
    }
}
