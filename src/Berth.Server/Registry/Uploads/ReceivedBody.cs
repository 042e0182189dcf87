using Berth.Server.Http;
using Berth.Server.Metrics;

namespace Berth.Server.Registry.Uploads;

/// <summary>A request's body that counts the bytes that are read, so that uploads that end early are counted too.</summary>
internal sealed class ReceivedBody(Stream body, BerthMetrics metrics) : ReadOnlyStream
{
    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        var read = await body.ReadAsync(buffer, cancellationToken);
        if (read > 0)
        {
            metrics.BlobReceived(read);
        }

        return read;
    }
}
