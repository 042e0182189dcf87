using Berth.Server.Codespaces.Features;
using Berth.Server.Codespaces.Images;
using Berth.Server.Faults;

namespace Berth.Server.Codespaces.Steps;

/// <summary>Authorises and fetches every image and feature that the configuration names.</summary>
internal sealed class FetchImages(FetchImage fetch, FetchFeatures features)
{
    /// <exception cref="FaultException">One is refused or cannot be fetched. The message names registry, image, reason and
    /// remedy.</exception>
    public async Task<FetchedStart> RunAsync(ReadStart start, CancellationToken cancellationToken)
    {
        Dictionary<string, PinnedImage> images = new(StringComparer.Ordinal);
        foreach (var use in start.Plan.Images)
        {
            if (!images.ContainsKey(use.Key))
            {
                images[use.Key] = await fetch.RunAsync(use.Reference, use.Platform, start.Credentials, cancellationToken);
            }
        }

        return new FetchedStart(
            start, images, await features.RunAsync(start.Plan.File, start.Configuration, start.Credentials, cancellationToken));
    }
}
