using Berth.Server.Http;
using Berth.Server.Oci;
using Berth.Server.Registry.Authorization;

namespace Berth.Server.Registry.Uploads;

/// <summary>
/// Pushing blobs: distribution-spec, "Pushing blobs".
/// <code>
/// POST uploads/            202, Location            PATCH Location            202, Range
/// POST uploads/?digest=    201 with the body        PUT   Location?digest=    201, perhaps with the last chunk
/// POST uploads/?mount=     201, or 202 as above     GET 204 · DELETE 204
/// </code>
/// </summary>
internal static class UploadEndpoints
{
    public static void MapUploads(this IEndpointRouteBuilder registry)
    {
        // The size of bodies is limited by that of the largest blob, while they are read.
        var unlimited = BodyLimit.ByTheHandler;
        registry.MapPost("{name}/blobs/uploads", StartAsync).Requires(RegistryActions.Push).WithMetadata(unlimited);
        registry.MapPatch("{name}/blobs/uploads/{id}", PatchAsync).Requires(RegistryActions.Push).WithMetadata(unlimited);
        registry.MapPut("{name}/blobs/uploads/{id}", PutAsync).Requires(RegistryActions.Push).WithMetadata(unlimited);
        registry.MapGet("{name}/blobs/uploads/{id}", StatusAsync).Requires(RegistryActions.Push);
        registry.MapDelete("{name}/blobs/uploads/{id}", CancelAsync).Requires(RegistryActions.Push);
    }

    private static async Task<IResult> StartAsync(
        HttpContext http, RegistryAccess access, MountBlob mount, UploadSession session, CancellationToken cancellationToken)
    {
        var query = http.Request.Query;
        var algorithm = query["digest-algorithm"].FirstOrDefault() ?? Digest.Sha256;
        if (!Digest.IsAlgorithm(algorithm))
        {
            return RegistryErrors.DigestInvalid.Saying("the digest algorithm is not supported").With("sha256 and sha512 are");
        }

        if (query["mount"].FirstOrDefault() is { } wanted)
        {
            // distribution-spec: a mount that is not possible is an ordinary start, whatever was wrong with it.
            var from = query["from"].FirstOrDefault();
            if (Digest.TryParse(wanted, out var mounted) && await mount.RunAsync(access, mounted, from, cancellationToken))
            {
                return Created(http.Response, access, mounted);
            }

            return await session.BeginAsync(
                http.Response, access, Digest.TryParse(wanted, out var hinted) ? hinted.Algorithm : algorithm, cancellationToken);
        }

        if (query["digest"].FirstOrDefault() is not { } text)
        {
            return await session.BeginAsync(http.Response, access, algorithm, cancellationToken);
        }

        if (!Digest.TryParse(text, out var digest))
        {
            return RegistryErrors.DigestInvalid.With(Digest.Rule);
        }

        return await session.PushWholeAsync(http.Request, access, digest, cancellationToken) ?? Created(http.Response, access, digest);
    }

    private static Task<IResult> PatchAsync(
        HttpContext http, RegistryAccess access, string id, UploadSession session, CancellationToken cancellationToken) =>
        session.ExclusivelyAsync(
            access,
            id,
            async upload =>
            {
                var (length, error) = await session.AppendAsync(http, access, upload, upload.Algorithm, cancellationToken);
                return error ?? session.Progress(http.Response, access, upload.Key, length, StatusCodes.Status202Accepted);
            },
            cancellationToken);

    private static async Task<IResult> PutAsync(
        HttpContext http, RegistryAccess access, string id, UploadSession session, FinishUpload finish, CancellationToken cancellationToken)
    {
        if (!Digest.TryParse(http.Request.Query["digest"].FirstOrDefault(), out var digest))
        {
            return RegistryErrors.DigestInvalid.With(Digest.Rule);
        }

        return await session.ExclusivelyAsync(
            access,
            id,
            async upload =>
            {
                // If the upload begins here, it is hashed with the algorithm that the content will be verified by, whatever the start
                // named.
                var (_, error) = await session.AppendAsync(http, access, upload, digest.Algorithm, cancellationToken);
                error ??= await finish.RunAsync(access, upload.Key, digest, begun: true, cancellationToken);
                return error ?? Created(http.Response, access, digest);
            },
            cancellationToken);
    }

    private static async Task<IResult> StatusAsync(
        HttpResponse response, RegistryAccess access, string id, UploadSession session, CancellationToken cancellationToken) =>
        await session.FindAsync(access, id, cancellationToken) is { } upload
            ? session.Progress(
                response, access, upload.Key, await session.LengthAsync(upload, cancellationToken), StatusCodes.Status204NoContent)
            : RegistryErrors.BlobUploadUnknown;

    private static async Task<IResult> CancelAsync(
        RegistryAccess access, string id, UploadSession session, FinishUpload finish, CancellationToken cancellationToken) =>
        await session.ExclusivelyAsync(
            access,
            id,
            async upload =>
            {
                await finish.DiscardAsync(upload.Key, begun: true);
                return Results.NoContent();
            },
            cancellationToken);

    private static IResult Created(HttpResponse response, RegistryAccess access, Digest digest)
    {
        response.Headers.Location = $"/v2/{access.Name.Value}/blobs/{digest.Value}";
        response.Headers["Docker-Content-Digest"] = digest.Value;
        return Results.StatusCode(StatusCodes.Status201Created);
    }
}
