using System.Security.Cryptography;
using Berth.Server.Faults;
using Berth.Server.Http;
using Berth.Server.Oci;

namespace Berth.Server.Registries.Remote;

/// <summary>
/// The bytes of a blob while they arrive from its registry. They are counted and hashed meanwhile, so that reading reaches the end only
/// with the requested content. Reading throws <see cref="FaultException"/> for too many bytes, for other content, and when the registry
/// stops sending.
/// </summary>
internal sealed class RemoteBlob : ReadOnlyStream
{
    private static readonly TimeSpan LongestSilence = TimeSpan.FromSeconds(30);
    private readonly HttpResponseMessage _response;
    private readonly Stream _inner;
    private readonly RegistryHost _host;
    private readonly Digest _digest;
    private readonly long _largest;
    private readonly TimeProvider _time;
    private readonly IncrementalHash _hash;
    private long _read;
    private bool _ended;

    private RemoteBlob(HttpResponseMessage response, Stream inner, RegistryHost host, Digest digest, long largest, TimeProvider time)
    {
        (_response, _inner, _host, _digest, _largest, _time) = (response, inner, host, digest, largest, time);
        _hash = Digest.Begin(digest.Algorithm);
        Size = response.Content.Headers.ContentLength;
    }

    /// <summary>The size that the registry gives. Null: it gives none.</summary>
    public long? Size { get; }

    /// <summary>Takes over the answer. The caller disposes the blob.</summary>
    /// <exception cref="FaultException">The registry gives a size above <paramref name="largest"/> bytes.</exception>
    public static async Task<RemoteBlob> OpenAsync(
        HttpResponseMessage response, RegistryHost host, Digest digest, long largest, TimeProvider time,
        CancellationToken cancellationToken)
    {
        try
        {
            return response.Content.Headers.ContentLength > largest
                ? throw TooLarge(host, largest)
                : new RemoteBlob(response, await response.Content.ReadAsStreamAsync(cancellationToken), host, digest, largest, time);
        }
        catch
        {
            response.Dispose();
            throw;
        }
    }

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (_ended || buffer.IsEmpty)
        {
            return 0;
        }

        var read = await ReadInnerAsync(buffer, cancellationToken);
        _read += read;
        if (_read > _largest)
        {
            throw TooLarge(_host, _largest);
        }

        _hash.AppendData(buffer.Span[..read]);
        if (read == 0)
        {
            _ended = true;
            if (Digest.Of(_digest.Algorithm, _hash.GetHashAndReset()) != _digest)
            {
                throw new FaultException(FaultKind.Unusable, $"{_host} answers with something else than {_digest}");
            }
        }

        return read;
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            _inner.Dispose();
            _response.Dispose();
            _hash.Dispose();
        }

        base.Dispose(disposing);
    }

    private async Task<int> ReadInnerAsync(Memory<byte> buffer, CancellationToken cancellationToken)
    {
        using var silence = new CancellationTokenSource(LongestSilence, _time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, silence.Token);
        try
        {
            return await _inner.ReadAsync(buffer, either.Token);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw new FaultException(FaultKind.Unreachable,
                $"{_host} sends nothing more of {_digest} for {LongestSilence.TotalSeconds:0} seconds");
        }
        catch (Exception exception) when (exception is HttpRequestException or IOException)
        {
            throw new FaultException(FaultKind.Unreachable, $"the answer of {_host} breaks off");
        }
    }

    private static FaultException TooLarge(RegistryHost host, long largest) =>
        new(FaultKind.Unusable, $"{host} answers with more than {largest / 1024} KiB");
}
