using System.Formats.Tar;
using Berth.Server.Codespaces.Builds;
using Berth.Server.Codespaces.Compose;
using Berth.Server.Codespaces.Images;
using Berth.Server.Faults;

namespace Berth.Server.Codespaces.Steps;

/// <summary>
/// Settles the images of a compose file's services: fetched before or built here, with the copies of the checkout's files that they want.
/// </summary>
internal sealed class BuildServices(BuildDockerfile build)
{
    /// <returns>The services' images by their names, as the engine knows them.</returns>
    public async Task<IReadOnlyDictionary<string, string>> RunAsync(
        StartContext context, IReadOnlyList<ComposeService> services, CancellationToken cancellationToken)
    {
        Dictionary<string, string> images = new(StringComparer.Ordinal);
        for (var i = 0; i < services.Count; i++)
        {
            var service = services[i];
            var image = service.Build is { } planned
                ? await build.RunAsync(context, planned, $"service{i}", cancellationToken)
                : context.Images[service.Image!.ToString()];
            image = await WithFilesAsync(context, service, image, $"service{i}-files", cancellationToken);
            images[service.Name] = image.Reference;
        }

        return images;
    }

    /// <summary>The image of a service with the copies of the checkout's files that it wants.</summary>
    public async Task<PinnedImage> WithFilesAsync(
        StartContext context, ComposeService service, PinnedImage image, string purpose, CancellationToken cancellationToken)
    {
        var instructions = ServiceContainer.Instructions(service).ToList();
        if (instructions.Count == 0)
        {
            return image;
        }

        if (image.Image.HasTriggers)
        {
            throw new FaultException(
                FaultKind.Configuration,
                $"services.{service.Name}: the image {image.Reference} has ONBUILD instructions, which codespaces do not run",
                "use an image without them");
        }

        return await build.LayerAsync(
            context, image, instructions, Copies(context, service), null, purpose, $"the service {service.Name}",
            cancellationToken);
    }

    private static Func<TarWriter, CancellationToken, Task> Copies(StartContext context, ComposeService service) =>
        async (tar, cancellationToken) =>
        {
            foreach (var (copy, index) in service.Copies.Select((copy, index) => (copy, index)))
            {
                await BuildContext.PathAsync(tar, Path.Combine(context.Workspace, copy.Source), $"copies/{index}", cancellationToken);
            }
        };
}
