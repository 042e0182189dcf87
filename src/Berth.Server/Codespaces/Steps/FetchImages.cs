using Berth.Server.Codespaces.Features;
using Berth.Server.Codespaces.Images;
using Berth.Server.Faults;

namespace Berth.Server.Codespaces.Steps;

/// <summary>Authorises and fetches every image and feature that the configuration names.</summary>
internal sealed class FetchImages(FetchImage fetch, FetchFeatures features)
{
    /// <exception cref="FaultException">One is refused or not to be had; names registry, image, reason and remedy.</exception>
    public async Task<StartContext> RunAsync(StartContext context, CancellationToken cancellationToken)
    {
        Dictionary<string, PinnedImage> images = new(StringComparer.Ordinal);
        foreach (var use in context.Plan.Images)
        {
            var reference = use.Reference.ToString();
            if (!images.ContainsKey(reference))
            {
                images[reference] = await fetch.RunAsync(use.Reference, context.Credentials, cancellationToken);
            }
        }

        return context with
        {
            Images = images,
            Features = await features.RunAsync(context.Plan.File, context.Configuration, context.Credentials, cancellationToken),
        };
    }
}
