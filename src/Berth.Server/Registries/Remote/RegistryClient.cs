using System.Net;
using Berth.Server.Faults;
using Berth.Server.Http;
using Berth.Server.Oci;

namespace Berth.Server.Registries.Remote;

/// <summary>
/// The client of other container registries (OCI distribution 1.1, "Pulling manifests" and "Pulling blobs"). It finds out whether a login
/// is valid, whether an image exists and may be read, for which platforms it is and how large it is, and reads its content. Every refusal
/// is a fault that says the true cause in one line.
/// </summary>
internal sealed class RegistryClient(RemoteHttp http, RealmRule realms, AddressOptions options, TimeProvider time)
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);
    private readonly RegistryHost? _own = RegistryServer.TryParse(options.RegistryHost, out var own, out _) ? own.Host : null;

    /// <summary>Whether the host is Berth's own registry.</summary>
    public bool IsOwn(RegistryHost host) => host == _own;

    /// <summary>Tries what <c>docker login</c> tries. Without a login, it checks whether the registry answers as a registry.</summary>
    /// <param name="login">Null: without a login.</param>
    public Task<RemoteAnswer<RemoteLogin>> LoginAsync(RegistryHost host, RegistryLogin? login, bool offline,
        CancellationToken cancellationToken) => WithinAsync(
        host, login,
        async (conversation, token) =>
        {
            await conversation.OpenAsync(null, offline, token);
            using var response = await conversation.RequestAsync(HttpMethod.Get, "/v2/", null, [], token);
            return response.StatusCode switch
            {
                HttpStatusCode.OK => new RemoteLogin(
                    login is null ? $"{host} answers without a login"
                    : conversation.Scheme == RemoteScheme.None ? $"{host} answers everybody and did not look at the login"
                    : $"{host} accepts the login"),
                HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden when login is null =>
                    throw new FaultException(FaultKind.LoginRequired, $"{host} wants a login"),
                HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden => throw new FaultException(
                    FaultKind.WrongPassword,
                    $"{host} does not accept user name and password ({(await conversation.WireReasonAsync(response, token)).Reason})"),
                _ => throw await conversation.UnexpectedAsync(response, "/v2/", token),
            };
        },
        cancellationToken);

    /// <summary>Whether the image exists for this login, and its digest. This is no pull for registries that count pulls.</summary>
    public Task<RemoteAnswer<RemoteManifest>> FindAsync(RemoteImage image, RegistryLogin? login, CancellationToken cancellationToken) =>
        OfImageAsync(
            image, login,
            async (requests, token) => await requests.HeadAsync(image.Reference, token)
                ?? Summary(await requests.ManifestAsync(image.Reference, token)),
            cancellationToken);

    /// <summary>
    /// Does what <see cref="FindAsync"/> does, and finds platforms and size. It reads a manifest, which some registries count as a pull.
    /// </summary>
    /// <param name="login">Null: without a login.</param>
    /// <param name="platform">The platform that the image must support. Null: any platform is fine.</param>
    public Task<RemoteAnswer<RemoteManifest>> DescribeAsync(RemoteImage image, RegistryLogin? login, Platform? platform,
        CancellationToken cancellationToken) => OfImageAsync(
        image, login,
        async (requests, token) =>
        {
            var found = await requests.ManifestAsync(image.Reference, token);
            var platforms = found.Manifest.IsIndex ? found.Manifest.Platforms
                : await requests.PlatformAsync(found.Manifest, token) is { } one ? [one] : [];
            if (platform is not null && platforms.Count > 0 && !platforms.Any(offered => offered.RunsOn(platform)))
            {
                throw new FaultException(FaultKind.WrongPlatform,
                    $"{image} is there for {string.Join(", ", platforms.Take(8))}, and not for {platform}");
            }

            var child = found.Manifest.Choose(platform)?.Digest;
            var chosen = child is null ? found.Manifest : (await requests.ManifestAsync(Reference.Of(child), token)).Manifest;
            return Summary(found) with
            {
                Platforms = platforms,
                Size = chosen.IsIndex ? null : chosen.Size,
                Chosen = child ?? found.Digest,
            };
        },
        cancellationToken);

    /// <summary>Reads the manifest, byte for byte as it was sent.</summary>
    public Task<RemoteAnswer<RemoteContent>> ReadManifestAsync(RemoteImage image, RegistryLogin? login,
        CancellationToken cancellationToken) =>
        OfImageAsync(image, login, (requests, token) => requests.ManifestAsync(image.Reference, token), cancellationToken);

    /// <summary>Opens a blob of the image's repository as a stream. The caller disposes it.</summary>
    /// <param name="image">Names the repository. Its tag or digest does not matter.</param>
    /// <param name="login">Null: without a login.</param>
    /// <param name="largest">The limit in bytes. A larger blob is a fault.</param>
    /// <param name="cancellationToken">Ends the request, not the reading of the answer.</param>
    public Task<RemoteAnswer<RemoteBlob>> OpenBlobAsync(RemoteImage image, RegistryLogin? login, Digest digest, long largest,
        CancellationToken cancellationToken) =>
        OfImageAsync(image, login, (requests, token) => requests.BlobAsync(digest, largest, token), cancellationToken);

    /// <summary>Reads the only layer of a small artifact as a whole.</summary>
    /// <param name="login">Null: without a login.</param>
    /// <param name="limit">The limit in bytes. A larger layer is refused.</param>
    public Task<RemoteAnswer<byte[]>> ReadLayerAsync(RemoteImage image, RegistryLogin? login, string layerType, int limit,
        CancellationToken cancellationToken) => OfImageAsync(
        image, login,
        async (requests, token) =>
        {
            var (_, _, _, manifest) = await requests.ManifestAsync(image.Reference, token);
            var digest = manifest.Layers.FirstOrDefault(layer => layer.MediaType.StartsWith(layerType, StringComparison.Ordinal))?.Digest
                ?? throw new FaultException(FaultKind.Unusable, $"{image} has no layer of the type {layerType}");
            await using var blob = await requests.BlobAsync(digest, limit, token);
            using var layer = new MemoryStream();
            await blob.CopyToAsync(layer, token);
            return layer.ToArray();
        },
        cancellationToken);

    private static RemoteManifest Summary(RemoteContent found) => new(found.Digest, found.MediaType, null, []);

    private Task<RemoteAnswer<T>> OfImageAsync<T>(
        RemoteImage image, RegistryLogin? login, Func<ImageRequests, CancellationToken, Task<T>> ask, CancellationToken cancellationToken)
        where T : class => WithinAsync(
        image.Host, login,
        async (conversation, token) =>
        {
            var requests = new ImageRequests(conversation, image, login, time);
            await conversation.OpenAsync(requests.Scope, offline: false, token);
            return await ask(requests, token);
        },
        cancellationToken);

    private async Task<RemoteAnswer<T>> WithinAsync<T>(
        RegistryHost host, RegistryLogin? login, Func<RegistryConversation, CancellationToken, Task<T>> talk,
        CancellationToken cancellationToken)
        where T : class
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(Limit);
        var own = IsOwn(host);
        var conversation = new RegistryConversation(
            new RegistryWire(http, own ? new Uri(options.RegistryOrigin).Authority : null), realms, time, host,
            own ? [new Uri(options.RegistryOrigin)] : OriginsOf(host), login);
        try
        {
            var value = await talk(conversation, limit.Token);
            return RemoteAnswer<T>.Of(value) with { Scheme = conversation.Scheme, Token = conversation.Token };
        }
        catch (FaultException exception)
        {
            return RemoteAnswer<T>.Of(exception.Fault) with { Scheme = conversation.Scheme };
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return RemoteAnswer<T>.Of(new Fault(FaultKind.Unreachable, $"{host} does not answer within {Limit.TotalSeconds:0} seconds"));
        }
    }

    /// <summary>Tries https first. On this machine it also tries plain http, as the container engine does.</summary>
    private static Uri[] OriginsOf(RegistryHost host)
    {
        var secure = new Uri("https://" + (host.IsDockerHub ? "registry-1.docker.io" : host.Value));
        return RealmRule.IsLoopback(secure) ? [secure, new Uri("http://" + host.Value)] : [secure];
    }
}
