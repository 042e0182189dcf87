using System.Net;
using Berth.Server.Faults;
using Berth.Server.Oci;

namespace Berth.Server.Registries.Remote;

/// <summary>The requests about one image within a conversation: manifests and blobs, checked against their digests.</summary>
internal sealed class ImageRequests(RegistryConversation conversation, RemoteImage image, RegistryLogin? login, TimeProvider time)
{
    private static readonly string[] ManifestTypes =
        [MediaTypes.OciIndex, MediaTypes.DockerList, MediaTypes.OciManifest, MediaTypes.DockerManifest];

    public string Scope => $"repository:{image.Path}:pull";

    /// <summary>Null when the registry's answer to HEAD says too little.</summary>
    public async Task<RemoteManifest?> HeadAsync(Reference reference, CancellationToken cancellationToken)
    {
        using var response = await conversation.RequestAsync(HttpMethod.Head, PathOf(reference), Scope, ManifestTypes, cancellationToken);
        if (response.StatusCode != HttpStatusCode.OK)
        {
            // A HEAD has no body that says why, so the caller asks with GET.
            return response.StatusCode is HttpStatusCode.TooManyRequests
                ? throw await conversation.UnexpectedAsync(response, "a manifest", cancellationToken) : null;
        }

        var type = response.Content.Headers.ContentType?.MediaType;
        return type is not null && (reference.Digest ?? StatedDigest(response)) is { } digest
            ? new RemoteManifest(digest, type, null, []) : null;
    }

    public async Task<RemoteContent> ManifestAsync(Reference reference, CancellationToken cancellationToken)
    {
        using var response = await conversation.RequestAsync(HttpMethod.Get, PathOf(reference), Scope, ManifestTypes, cancellationToken);
        if (response.StatusCode != HttpStatusCode.OK)
        {
            throw await RefusedAsync(response, cancellationToken);
        }

        var body = await RegistryWire.ReadAsync(response, ManifestReader.Largest, cancellationToken);
        var claimed = reference.Digest ?? StatedDigest(response);
        var digest = Digest.OfContent(claimed?.Algorithm ?? Digest.Sha256, body);
        if (claimed is not null && claimed != digest)
        {
            throw new FaultException(FaultKind.Unusable, $"{image.Host} answers with something else than {claimed}");
        }

        var type = response.Content.Headers.ContentType?.MediaType ?? "";
        return ManifestReader.TryReadLenient(body, type, out var manifest, out _)
            ? new RemoteContent(digest, type, body, manifest)
            : throw new FaultException(FaultKind.Unusable, $"{image.Host} answers with something that is no manifest for {image}");
    }

    /// <summary>The platform of a manifest for one platform, which only its configuration names. Null when nothing names it.</summary>
    public async Task<Platform?> PlatformAsync(Manifest manifest, CancellationToken cancellationToken)
    {
        if (manifest.ImageConfig is not { } digest)
        {
            return null;
        }

        try
        {
            using var response = await conversation.RequestAsync(HttpMethod.Get, PathOf(digest), Scope, [], cancellationToken);
            return response.StatusCode == HttpStatusCode.OK
                ? ImageConfiguration.Read(await RegistryWire.ReadAsync(response, ManifestReader.Largest, cancellationToken))?.Platform
                : null;
        }
        catch (FaultException)
        {
            // The pull itself will say what is wrong with the configuration.
            return null;
        }
    }

    public async Task<RemoteBlob> BlobAsync(Digest digest, long largest, CancellationToken cancellationToken)
    {
        var response = await conversation.RequestAsync(HttpMethod.Get, PathOf(digest), Scope, [], cancellationToken);
        if (response.StatusCode == HttpStatusCode.OK)
        {
            return await RemoteBlob.OpenAsync(response, image.Host, digest, largest, time, cancellationToken);
        }

        using (response)
        {
            throw await RefusedAsync(response, cancellationToken);
        }
    }

    private async Task<FaultException> RefusedAsync(HttpResponseMessage response, CancellationToken cancellationToken)
    {
        switch (response.StatusCode)
        {
            case HttpStatusCode.NotFound:
                var (code, _) = await conversation.WireReasonAsync(response, cancellationToken);
                return new FaultException(
                    FaultKind.NotFound,
                    code == "NAME_UNKNOWN" ? $"{image.Host} has no image {image.Path}"
                    : image.Reference.Digest is not null ? $"{image.Host} has no {image.Reference} of {image.Path}"
                    : $"{image.Host} has no tag {image.Reference} of {image.Path}, or no such image");
            case HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden:
                var (_, reason) = await conversation.WireReasonAsync(response, cancellationToken);
                return login is null ? new FaultException(FaultKind.LoginRequired,
                    $"{image.Host} gives {image.Path} to nobody without a login, or has no such image ({reason})")
                    : conversation.Scheme == RemoteScheme.Basic && response.StatusCode == HttpStatusCode.Unauthorized
                        ? new FaultException(FaultKind.WrongPassword, $"{image.Host} does not accept user name and password ({reason})")
                        : new FaultException(FaultKind.Denied,
                            $"{image.Host} accepts the login and gives it no right to {image.Path}, or there is no such image ({reason})");
            default:
                return await conversation.UnexpectedAsync(response, "a manifest", cancellationToken);
        }
    }

    private string PathOf(Reference reference) => $"/v2/{image.Path}/manifests/{reference}";

    private string PathOf(Digest blob) => $"/v2/{image.Path}/blobs/{blob}";

    private static Digest? StatedDigest(HttpResponseMessage response) =>
        response.Headers.TryGetValues("Docker-Content-Digest", out var values) && Digest.TryParse(values.FirstOrDefault(), out var digest)
            ? digest : null;
}
