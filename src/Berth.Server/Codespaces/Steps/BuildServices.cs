using Berth.Server.Codespaces.Builds;
using Berth.Server.Codespaces.Compose;

namespace Berth.Server.Codespaces.Steps;

/// <summary>Settles the images of a compose file's services: fetched before or built here.</summary>
internal sealed class BuildServices(BuildDockerfile build)
{
    /// <returns>The services' images by their names, as the engine knows them.</returns>
    public async Task<IReadOnlyDictionary<string, string>> RunAsync(
        FetchedStart start, IReadOnlyList<ComposeService> services, CancellationToken cancellationToken)
    {
        Dictionary<string, string> images = new(StringComparer.Ordinal);
        for (var i = 0; i < services.Count; i++)
        {
            var service = services[i];
            var image = service.Build is { } planned
                ? await build.RunAsync(start.ForBuilds, planned, $"service{i}", cancellationToken)
                : start.Images[service.Image!.ToString()];
            images[service.Name] = image.Reference;
        }

        return images;
    }
}
