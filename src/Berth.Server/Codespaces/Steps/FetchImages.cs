using Berth.Server.Codespaces.Images;

namespace Berth.Server.Codespaces.Steps;

/// <summary>Authorises and pulls every image that the configuration names.</summary>
internal sealed class FetchImages(FetchImage fetch)
{
    /// <exception cref="CodespaceFaultException">One is refused or not to be had; names registry, image, reason and remedy.</exception>
    public async Task<StartContext> RunAsync(StartContext context, CancellationToken cancellationToken) =>
        context with { Image = await fetch.RunAsync(context.Configuration.Image, context.Credentials, cancellationToken) };
}
