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
            image = await LayerAsync(context, service, image, withCommand: false, $"service{i}-files", cancellationToken);
            images[service.Name] = image.Reference;
        }

        return images;
    }

    /// <summary>
    /// The image of the service that people work in, with its command, user and folder: the dev container tools take them from the image.
    /// </summary>
    public Task<PinnedImage> MainAsync(
        StartContext context, ComposeService service, PinnedImage image, CancellationToken cancellationToken) =>
        LayerAsync(context, service, image, withCommand: true, "service", cancellationToken);

    private async Task<PinnedImage> LayerAsync(
        StartContext context, ComposeService service, PinnedImage image, bool withCommand, string purpose,
        CancellationToken cancellationToken)
    {
        var instructions = ServiceContainer.Instructions(service, withCommand).ToList();
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
