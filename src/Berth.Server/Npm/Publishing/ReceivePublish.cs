using Berth.Server.Access;
using Berth.Server.Http;
using Berth.Server.Metrics;
using Berth.Server.Oci;
using Berth.Server.Storage;

namespace Berth.Server.Npm.Publishing;

/// <summary>A tarball that has arrived and is not a blob yet.</summary>
internal sealed record ReceivedTarball(string FileName, StorageKey Upload, long Size, string Shasum, byte[] Sha512)
{
    public Digest Digest => Digest.Of(Digest.Sha512, Sha512);

    /// <summary>In the form of Subresource Integrity.</summary>
    public string Integrity => "sha512-" + Convert.ToBase64String(Sha512);
}

/// <summary>A publish request that was read completely. The tarball is deleted with it unless it became a blob.</summary>
internal sealed class ReceivedPublish(PublishDocument document, ReceivedTarball? tarball, IUploadStore uploads) : IAsyncDisposable
{
    private bool _kept;

    public PublishDocument Document { get; } = document;

    /// <summary>Null for a request that only changes what exists.</summary>
    public ReceivedTarball? Tarball { get; } = tarball;

    /// <summary>Call when the bytes have become a blob.</summary>
    public void Keep() => _kept = true;

    public async ValueTask DisposeAsync()
    {
        Document.Dispose();
        if (Tarball is not null && !_kept)
        {
            await uploads.DiscardAsync(Tarball.Upload, CancellationToken.None);
        }
    }
}

/// <summary>Receives publish requests. The tarball goes to the store as it arrives.</summary>
internal sealed class ReceivePublish(IUploadStore uploads, NpmOptions options, BerthMetrics metrics)
{
    /// <exception cref="ApiException">400 or 413, with what is wrong.</exception>
    public async Task<ReceivedPublish> RunAsync(HttpRequest request, PackageAddress address, CancellationToken cancellationToken)
    {
        using var body = new PublishBody(request.Body, PublishDocument.MostBytes);
        ReceivedTarball? tarball = null;
        try
        {
            while (await body.NextTarballAsync(cancellationToken) is { } file)
            {
                if (tarball is not null)
                {
                    throw new ApiException(NpmErrors.Bad("the document has more than one tarball"));
                }

                tarball = await TakeAsync(body, file, cancellationToken);
            }

            var document = PublishDocument.Parse(body.Document, address);
            var received = new ReceivedPublish(document, tarball, uploads);
            tarball = null;
            return received;
        }
        finally
        {
            if (tarball is not null)
            {
                await uploads.DiscardAsync(tarball.Upload, CancellationToken.None);
            }
        }
    }

    private async Task<ReceivedTarball> TakeAsync(PublishBody body, string file, CancellationToken cancellationToken)
    {
        var upload = StorageKey.New();
        var taken = false;
        try
        {
            await using var stream = new TarballStream(body, metrics);
            var result = await uploads.AppendAsync(upload, 0, stream, null, options.LargestTarball, Digest.Sha512, cancellationToken);
            if (result.TooLarge)
            {
                throw new ApiException(NpmErrors.TooLarge($"a tarball has at most {options.LargestTarball} bytes here"));
            }

            taken = true;
            return new ReceivedTarball(file, upload, result.Length, stream.Shasum, stream.Sha512);
        }
        finally
        {
            if (!taken)
            {
                await uploads.DiscardAsync(upload, CancellationToken.None);
            }
        }
    }
}
