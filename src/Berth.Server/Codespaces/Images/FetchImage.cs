using Berth.Server.Codespaces.Engine;
using Berth.Server.Faults;
using Berth.Server.Oci;

namespace Berth.Server.Codespaces.Images;

/// <summary>An image that this codespace may use and the engine has: named by digest, so that a tag that moves changes nothing.</summary>
internal sealed record PinnedImage(string Reference, EngineImage Image);

/// <summary>
/// Authorises and pulls an image for one codespace. The registry is always asked, since an image that is already on the engine was
/// authorised for somebody else.
/// </summary>
internal sealed class FetchImage(IContainerEngine engine, RegistryAccess registries, Machines machines, TimeProvider time)
{
    private readonly EngineDisk _disk = new(engine);

    /// <summary>How many new tokens a pull may get. A registry's token is valid for minutes, and a large pull takes longer.</summary>
    private const int MostRenewals = 20;

    public bool IsOwn(ImageReference image) => registries.IsOwn(image);

    /// <param name="platform">Null: the engine's.</param>
    /// <exception cref="FaultException">The image is refused or cannot be fetched. Names registry, image, reason and remedy.</exception>
    public async Task<PinnedImage> RunAsync(
        ImageReference image, Platform? platform, StartCredentials start, CancellationToken cancellationToken)
    {
        if (BuiltName.Is(image.Repository))
        {
            throw new FaultException(
                FaultKind.NotFound, $"{image}: {image.Registry} is no registry; what a codespace built is its own",
                "push the image to a registry, or build it here as well");
        }

        var allowed = await registries.AuthoriseAsync(image, start, cancellationToken);
        if (platform is not null)
        {
            allowed = await registries.OfPlatformAsync(allowed, platform, start, cancellationToken);
        }

        var pinned = image.At(allowed.Digest);
        try
        {
            if (await engine.ImageAsync(pinned, cancellationToken) is { } present)
            {
                start.Log("pull", $"{pinned} is on the engine already, and this codespace may use it");
                return Checked(image, pinned, present);
            }

            var manifest = await registries.DescribeAsync(
                allowed, platform ?? await engine.PlatformAsync(cancellationToken), start, cancellationToken);
            start.Log("pull", $"pulling {pinned}{(manifest?.Size is { } size ? $" ({Bytes(size)})" : "")}");
            await PullAsync(allowed, start, cancellationToken);
            var pulled = await engine.ImageAsync(pinned, cancellationToken)
                ?? throw new FaultException(FailStart.ImageRemoved(pinned));
            if (pulled.Bytes > machines.MostImageBytes)
            {
                await engine.RemoveImageAsync(pinned, cancellationToken);
            }

            return Checked(image, pinned, pulled);
        }
        catch (EngineException exception)
        {
            throw ImageFault.OfEngine(image, exception);
        }
    }

    /// <summary>Checks an image again of which a container was made, since access may have been taken away.</summary>
    /// <exception cref="FaultException">The image is not allowed any more.</exception>
    public Task DecideAsync(ImageReference image, StartCredentials start, CancellationToken cancellationToken) =>
        registries.DecideAsync(image, start, cancellationToken);

    /// <summary>Checks the labels and the size of an image, since everything that is made from it has them too.</summary>
    private PinnedImage Checked(ImageReference image, string pinned, EngineImage found)
    {
        if (found.Bytes > machines.MostImageBytes)
        {
            throw TooLarge(image, $"unpacks to {Bytes(found.Bytes)}, more than the {Bytes(machines.MostImageBytes)} that an image may");
        }

        return found.Labels.Keys.Where(BerthLabels.IsOwn).Order(StringComparer.Ordinal).FirstOrDefault() is { } label
            ? throw new FaultException(
                FaultKind.Configuration,
                $"the image {image} carries the label {(label.Length <= MostShown ? label : label[..MostShown] + "…")}: "
                    + $"labels that begin with {BerthLabels.Prefix} are Berth's own",
                "use an image without it")
            : new PinnedImage(pinned, found);
    }

    private static FaultException TooLarge(ImageReference image, string reason) => new(
        FaultKind.Configuration, $"the image {image} {reason}", "use a smaller one, or have the operator raise BERTH_MAX_IMAGE_GIB");

    private const int MostShown = 60;

    private async Task PullAsync(AuthorisedImage allowed, StartCredentials start, CancellationToken cancellationToken)
    {
        await using var watch = new PullWatch(_disk, machines.MostImageBytes, time);
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, watch.Exceeded);
        var summary = new PullSummary();
        for (var renewals = 0; ; renewals++)
        {
            var progressed = false;
            try
            {
                await engine.PullAsync(
                    allowed.Image.Repository, allowed.Digest, allowed.Credential,
                    update =>
                    {
                        progressed |= update.Status is "Pull complete" or "Download complete" or "Extracting";
                        if (summary.Add(update) is { } line)
                        {
                            start.Log("pull", line);
                        }
                    },
                    ending.Token);
                return;
            }
            catch (OperationCanceledException) when (watch.Exceeded.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
            {
                throw watch.IsFull
                    ? ImageFault.OfEngine(allowed.Image, new EngineException(500, "no space left on device, nearly"))
                    : TooLarge(
                        allowed.Image,
                        $"was ended while it was unpacked: it is more than the {Bytes(machines.MostImageBytes)} that an image may be");
            }
            catch (EngineException exception)
                when (progressed && renewals < MostRenewals && allowed.Credential?.Token is not null && IsRefusal(exception))
            {
                // Layers that were pulled stay, and the engine goes on with the rest.
                start.Log("pull", "the registry's token has ended; going on with a new one");
                allowed = await registries.RenewAsync(allowed, start, cancellationToken);
            }
        }
    }

    private static bool IsRefusal(EngineException exception) =>
        exception.Message.Contains("unauthorized", StringComparison.OrdinalIgnoreCase)
            || exception.Message.Contains("denied", StringComparison.OrdinalIgnoreCase)
        || exception.Message.Contains("authentication required", StringComparison.OrdinalIgnoreCase);

    private static string Bytes(long size) => size switch
    {
        >= 1L << 30 => $"{size / (double)(1L << 30):0.0} GiB",
        >= 1L << 20 => $"{size / (double)(1L << 20):0.0} MiB",
        _ => $"{size / 1024.0:0.0} KiB",
    };
}
