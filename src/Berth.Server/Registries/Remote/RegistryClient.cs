using System.Net;
using Berth.Server.Oci;
using Berth.Server.Settings;

namespace Berth.Server.Registries.Remote;

/// <summary>
/// A small client of container registries (OCI distribution 1.1, "Pulling manifests"): whether a login is good, whether an image is there and may be read,
/// for which platforms it is and how large. Every answer, a refusal too, is one line that says the true cause.
/// </summary>
internal sealed class RegistryClient(RemoteHttp http, RealmRule realms, BerthOptions options, TimeProvider time)
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);
    private static readonly string[] ManifestTypes = [MediaTypes.OciIndex, MediaTypes.DockerList, MediaTypes.OciManifest, MediaTypes.DockerManifest];
    private readonly RegistryHost? _own = RegistryServer.TryParse(options.RegistryHost, out var own, out _) ? own.Host : null;

    /// <summary>What <c>docker login</c> tries. Without a login: whether the registry answers as one.</summary>
    /// <param name="host">Which registry.</param>
    /// <param name="login">Null: without one.</param>
    /// <param name="offline">Ask for a token that stands for the login, too.</param>
    /// <param name="cancellationToken">Ends it.</param>
    public Task<RemoteAnswer> LoginAsync(RegistryHost host, RegistryLogin? login, bool offline, CancellationToken cancellationToken) => WithinAsync(
        host, login,
        async (conversation, token) =>
        {
            await conversation.OpenAsync(null, offline, token);
            using var response = await conversation.RequestAsync(HttpMethod.Get, "/v2/", null, [], token);
            return response.StatusCode switch
            {
                HttpStatusCode.OK => conversation.Scheme == RemoteScheme.None && login is not null
                    ? new RemoteAnswer(RemoteOutcome.Allowed, $"{host} answers everybody and did not look at the login")
                    : new RemoteAnswer(RemoteOutcome.Allowed, login is null ? $"{host} answers without a login" : $"{host} accepts the login"),
                HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden => new RemoteAnswer(
                    login is null ? RemoteOutcome.LoginRequired : RemoteOutcome.WrongPassword,
                    login is null ? $"{host} wants a login" : $"{host} does not accept user name and password ({(await conversation.WireReasonAsync(response, token)).Reason})"),
                _ => throw await conversation.UnexpectedAsync(response, "/v2/", token),
            };
        },
        cancellationToken);

    /// <summary>Whether the image is there for this login, and its digest. Costs no pull where registries count them.</summary>
    public Task<RemoteAnswer> FindAsync(RemoteImage image, RegistryLogin? login, CancellationToken cancellationToken) => WithinAsync(
        image.Host, login,
        async (conversation, token) =>
        {
            await conversation.OpenAsync(Scope(image), offline: false, token);
            var found = await HeadAsync(conversation, image, login, token) ?? (await GetAsync(conversation, image, image.Reference, login, token)).Found;
            return new RemoteAnswer(RemoteOutcome.Allowed, $"{image.Host} allows {image}") { Manifest = found };
        },
        cancellationToken);

    /// <summary>As <see cref="FindAsync"/>, and its platforms and size; a manifest is read for it, which some registries count as a pull.</summary>
    /// <param name="image">What.</param>
    /// <param name="login">Null: without one.</param>
    /// <param name="platform">As <c>linux/amd64</c>; null: all are fine.</param>
    /// <param name="cancellationToken">Ends it.</param>
    public Task<RemoteAnswer> DescribeAsync(RemoteImage image, RegistryLogin? login, Platform? platform, CancellationToken cancellationToken) => WithinAsync(
        image.Host, login,
        async (conversation, token) =>
        {
            await conversation.OpenAsync(Scope(image), offline: false, token);
            var (found, manifest) = await GetAsync(conversation, image, image.Reference, login, token);
            var platforms = manifest.IsIndex
                ? manifest.Platforms
                : await PlatformOfAsync(conversation, image, manifest, token) is { } one ? [one] : [];
            if (platform is not null && platforms.Count > 0 && !platforms.Any(offered => offered.RunsOn(platform)))
            {
                return new RemoteAnswer(RemoteOutcome.WrongPlatform, $"{image} is there for {string.Join(", ", platforms.Take(8))}, and not for {platform}")
                {
                    Manifest = found with { Platforms = platforms },
                };
            }

            var chosen = manifest;
            if (manifest.Choose(platform) is { } child)
            {
                (_, chosen) = await GetAsync(conversation, image, Reference.Of(child.Digest), login, token);
            }

            return new RemoteAnswer(RemoteOutcome.Allowed, $"{image.Host} allows {image}")
            {
                Manifest = found with { Platforms = platforms, Size = chosen.IsIndex ? null : chosen.Size },
            };
        },
        cancellationToken);

    /// <summary>The one layer of a small artifact, whole and checked against its digest. The layer is empty unless the answer is good.</summary>
    /// <param name="image">By digest.</param>
    /// <param name="login">Null: without one.</param>
    /// <param name="layerType">How the layer's media type begins.</param>
    /// <param name="limit">Bytes of the layer; a larger one is refused.</param>
    /// <param name="cancellationToken">Ends it.</param>
    public async Task<(RemoteAnswer Answer, byte[] Layer)> ReadLayerAsync(
        RemoteImage image, RegistryLogin? login, string layerType, int limit, CancellationToken cancellationToken)
    {
        byte[] layer = [];
        var answer = await WithinAsync(
            image.Host, login,
            async (conversation, token) =>
            {
                await conversation.OpenAsync(Scope(image), offline: false, token);
                var (_, manifest) = await GetAsync(conversation, image, image.Reference, login, token);
                var digest = manifest.Layers.FirstOrDefault(candidate => candidate.MediaType.StartsWith(layerType, StringComparison.Ordinal))?.Digest
                    ?? throw new RemoteException(RemoteOutcome.Unusable, $"{image} has no layer of the type {layerType}");
                layer = await BlobAsync(conversation, image, login, digest, limit, token);
                return new RemoteAnswer(RemoteOutcome.Allowed, $"{image.Host} allows {image}");
            },
            cancellationToken);
        return (answer, layer);
    }

    private static async Task<byte[]> BlobAsync(
        RegistryConversation conversation, RemoteImage image, RegistryLogin? login, Digest digest, int limit, CancellationToken cancellationToken)
    {
        using var response = await conversation.RequestAsync(HttpMethod.Get, $"/v2/{image.Path}/blobs/{digest}", Scope(image), [], cancellationToken);
        if (response.StatusCode != HttpStatusCode.OK)
        {
            throw await RefusedAsync(conversation, image, login, response, cancellationToken);
        }

        var body = await RegistryWire.ReadAsync(response, limit, cancellationToken);
        return Digest.OfContent(digest.Algorithm, body) == digest ? body : throw new RemoteException(RemoteOutcome.Unusable, $"{image.Host} answers with something else than {digest}");
    }

    /// <summary>Whether that is Berth's own registry.</summary>
    public bool IsOwn(RegistryHost host) => host == _own;

    private static string Scope(RemoteImage image) => $"repository:{image.Path}:pull";

    private async Task<RemoteAnswer> WithinAsync(
        RegistryHost host, RegistryLogin? login, Func<RegistryConversation, CancellationToken, Task<RemoteAnswer>> talk, CancellationToken cancellationToken)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(Limit);
        var own = IsOwn(host);
        var conversation = new RegistryConversation(
            new RegistryWire(http, own ? new Uri(options.RegistryOrigin).Authority : null), realms, time, host, own ? [new Uri(options.RegistryOrigin)] : OriginsOf(host), login);
        try
        {
            return await talk(conversation, limit.Token) with { Scheme = conversation.Scheme, Token = conversation.Token };
        }
        catch (RemoteException exception)
        {
            return new RemoteAnswer(exception.Outcome, exception.Message) { Scheme = conversation.Scheme };
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return new RemoteAnswer(RemoteOutcome.Unreachable, $"{host} does not answer within {Limit.TotalSeconds:0} seconds");
        }
    }

    /// <summary>https, and on this machine plain http after it, which the container engine does too.</summary>
    private static Uri[] OriginsOf(RegistryHost host)
    {
        var secure = new Uri("https://" + (host.IsDockerHub ? "registry-1.docker.io" : host.Value));
        return RealmRule.IsLoopback(secure) ? [secure, new Uri("http://" + host.Value)] : [secure];
    }

    /// <summary>Null where the registry's HEAD says too little.</summary>
    private static async Task<RemoteManifest?> HeadAsync(RegistryConversation conversation, RemoteImage image, RegistryLogin? login, CancellationToken cancellationToken)
    {
        using var response = await conversation.RequestAsync(HttpMethod.Head, PathOf(image, image.Reference), Scope(image), ManifestTypes, cancellationToken);
        if (response.StatusCode != HttpStatusCode.OK)
        {
            // A HEAD has no body that says why.
            return response.StatusCode is HttpStatusCode.TooManyRequests ? throw await conversation.UnexpectedAsync(response, "a manifest", cancellationToken) : null;
        }

        var type = response.Content.Headers.ContentType?.MediaType;
        return type is not null && DigestOf(image, response) is { } digest ? new RemoteManifest(digest, type, null, []) : null;
    }

    private static async Task<(RemoteManifest Found, Manifest Manifest)> GetAsync(
        RegistryConversation conversation, RemoteImage image, Reference reference, RegistryLogin? login, CancellationToken cancellationToken)
    {
        using var response = await conversation.RequestAsync(HttpMethod.Get, PathOf(image, reference), Scope(image), ManifestTypes, cancellationToken);
        if (response.StatusCode != HttpStatusCode.OK)
        {
            throw await RefusedAsync(conversation, image, login, response, cancellationToken);
        }

        var body = await RegistryWire.ReadAsync(response, ManifestReader.Largest, cancellationToken);
        var type = response.Content.Headers.ContentType?.MediaType ?? "";
        var claimed = reference.Digest ?? DigestOf(image, response);
        var digest = Digest.OfContent(claimed?.Algorithm ?? Digest.Sha256, body);
        if (claimed is not null && claimed != digest)
        {
            throw new RemoteException(RemoteOutcome.Unusable, $"{image.Host} answers with something else than {claimed}");
        }

        return ManifestReader.TryReadLenient(body, type, out var manifest, out _)
            ? (new RemoteManifest(digest, type, null, []), manifest)
            : throw new RemoteException(RemoteOutcome.Unusable, $"{image.Host} answers with something that is no manifest for {image}");
    }

    private static async Task<RemoteException> RefusedAsync(
        RegistryConversation conversation, RemoteImage image, RegistryLogin? login, HttpResponseMessage response, CancellationToken cancellationToken)
    {
        switch (response.StatusCode)
        {
            case HttpStatusCode.NotFound:
                var (code, _) = await conversation.WireReasonAsync(response, cancellationToken);
                return new RemoteException(
                    RemoteOutcome.NotFound,
                    code == "NAME_UNKNOWN" ? $"{image.Host} has no image {image.Path}"
                    : image.Reference.Digest is not null ? $"{image.Host} has no {image.Reference} of {image.Path}"
                    : $"{image.Host} has no tag {image.Reference} of {image.Path}, or no such image");
            case HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden:
                var (_, reason) = await conversation.WireReasonAsync(response, cancellationToken);
                return login is null ? new RemoteException(RemoteOutcome.LoginRequired, $"{image.Host} gives {image.Path} to nobody without a login, or has no such image ({reason})")
                    : conversation.Scheme == RemoteScheme.Basic && response.StatusCode == HttpStatusCode.Unauthorized
                        ? new RemoteException(RemoteOutcome.WrongPassword, $"{image.Host} does not accept user name and password ({reason})")
                        : new RemoteException(RemoteOutcome.Denied, $"{image.Host} accepts the login and gives it no right to {image.Path}, or there is no such image ({reason})");
            default:
                return await conversation.UnexpectedAsync(response, "a manifest", cancellationToken);
        }
    }

    /// <summary>Of a manifest for one platform only the configuration says which.</summary>
    private static async Task<Platform?> PlatformOfAsync(RegistryConversation conversation, RemoteImage image, Manifest manifest, CancellationToken cancellationToken)
    {
        if (manifest.ImageConfig is not { } digest)
        {
            return null;
        }

        try
        {
            using var response = await conversation.RequestAsync(HttpMethod.Get, $"/v2/{image.Path}/blobs/{digest}", Scope(image), [], cancellationToken);
            return response.StatusCode == HttpStatusCode.OK
                ? ImageConfiguration.Read(await RegistryWire.ReadAsync(response, ManifestReader.Largest, cancellationToken))?.Platform
                : null;
        }
        catch (RemoteException)
        {
            // The pull itself will say what is wrong with it.
            return null;
        }
    }

    private static string PathOf(RemoteImage image, Reference reference) => $"/v2/{image.Path}/manifests/{reference}";

    private static Digest? DigestOf(RemoteImage image, HttpResponseMessage response)
    {
        if (image.Reference.Digest is { } asked)
        {
            return asked;
        }

        var stated = response.Headers.TryGetValues("Docker-Content-Digest", out var values) ? values.FirstOrDefault() : null;
        return Digest.TryParse(stated, out var digest) ? digest : null;
    }
}
