using System.Security.Cryptography;
using Berth.Server.Http;
using Berth.Server.Metrics;

namespace Berth.Server.Npm.Publishing;

/// <summary>The tarball of a publish request while it arrives. It is hashed meanwhile by both algorithms that npm names.</summary>
internal sealed class TarballStream(PublishBody body, BerthMetrics metrics) : ReadOnlyStream
{
#pragma warning disable CA5350 // npm's "shasum" is SHA-1; what vouches for the content is the SHA-512 beside it.
    private readonly IncrementalHash _sha1 = IncrementalHash.CreateHash(HashAlgorithmName.SHA1);
#pragma warning restore CA5350
    private readonly IncrementalHash _sha512 = IncrementalHash.CreateHash(HashAlgorithmName.SHA512);
    private byte[]? _integrity;

    public long Received { get; private set; }

    /// <summary>In hexadecimal, of the bytes that were read. It is final when all were read.</summary>
    public string Shasum => Convert.ToHexStringLower(_sha1.GetCurrentHash());

    public byte[] Sha512 => _integrity ??= _sha512.GetCurrentHash();

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        var read = await body.ReadTarballAsync(buffer, cancellationToken);
        if (read > 0)
        {
            _sha1.AppendData(buffer.Span[..read]);
            _sha512.AppendData(buffer.Span[..read]);
            Received += read;
            metrics.BlobReceived(read);
        }

        return read;
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            _sha1.Dispose();
            _sha512.Dispose();
        }

        base.Dispose(disposing);
    }
}
