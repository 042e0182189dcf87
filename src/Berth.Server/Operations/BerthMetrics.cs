using System.Diagnostics.Metrics;

namespace Berth.Server.Operations;

/// <summary>The instruments that operators watch; requests and their times are ASP.NET Core's own (<c>http.server.request.duration</c>).</summary>
internal sealed class BerthMetrics(IMeterFactory meters)
{
    public const string MeterName = "Berth";
    private readonly Meter _meter = meters.Create(MeterName);
    private Counter<long>? _blobBytesReceived;
    private Counter<long>? _blobBytesSent;
    private Counter<long>? _manifestsPushed;
    private Counter<long>? _manifestsPulled;
    private Counter<long>? _loginFailures;
    private Counter<long>? _codespaceStarts;
    private Counter<long>? _blobsCollected;

    public Counter<long> BlobBytesReceived => _blobBytesReceived ??= _meter.CreateCounter<long>("berth.blob.received", "By", "Bytes of blobs that uploads brought");

    public Counter<long> BlobBytesSent => _blobBytesSent ??= _meter.CreateCounter<long>("berth.blob.sent", "By", "Bytes of blobs that were pulled");

    public Counter<long> ManifestsPushed => _manifestsPushed ??= _meter.CreateCounter<long>("berth.manifest.pushed", null, "Manifests that were pushed");

    public Counter<long> ManifestsPulled => _manifestsPulled ??= _meter.CreateCounter<long>("berth.manifest.pulled", null, "Manifests that were pulled");

    public Counter<long> LoginFailures => _loginFailures ??= _meter.CreateCounter<long>("berth.login.failures", null, "Credentials that were refused");

    /// <summary>Tag <c>result</c>: <c>available</c> or <c>failed</c>.</summary>
    public Counter<long> CodespaceStarts => _codespaceStarts ??= _meter.CreateCounter<long>("berth.codespace.starts", null, "Starts of codespaces, by result");

    public Counter<long> BlobsCollected => _blobsCollected ??= _meter.CreateCounter<long>("berth.gc.blobs", null, "Blobs that garbage collection removed");
}
