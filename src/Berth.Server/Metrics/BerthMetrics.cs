using System.Diagnostics.Metrics;

namespace Berth.Server.Metrics;

/// <summary>
/// The metrics for operators, listed in docs/operations.md. ASP.NET Core itself counts requests (<c>http.server.request.duration</c>), and
/// <see cref="DatabaseMetrics"/> measures waits for the database. A label is an enum or one of a few words, and never what callers send.
/// </summary>
internal sealed class BerthMetrics
{
    public const string MeterName = DatabaseMetrics.MeterName;
    private readonly Counter<long> _blobBytesReceived;
    private readonly Counter<long> _blobBytesSent;
    private readonly Counter<long> _manifestsPushed;
    private readonly Counter<long> _manifestsPulled;
    private readonly Counter<long> _loginFailures;
    private readonly Counter<long> _codespaceStarts;
    private readonly Counter<long> _collectorRuns;
    private readonly Counter<long> _collected;
    private readonly Counter<long> _bytesCollected;

    public BerthMetrics(IMeterFactory meters)
    {
        var meter = meters.Create(MeterName);
        _blobBytesReceived = meter.CreateCounter<long>("berth.blob.received", "By", "Bytes of blobs that uploads brought");
        _blobBytesSent = meter.CreateCounter<long>("berth.blob.sent", "By", "Bytes of blobs that were pulled");
        _manifestsPushed = meter.CreateCounter<long>("berth.manifest.pushed", null, "Manifests that were pushed");
        _manifestsPulled = meter.CreateCounter<long>("berth.manifest.pulled", null, "Manifests that were pulled");
        _loginFailures = meter.CreateCounter<long>("berth.login.failures", null, "Credentials that were refused");
        _codespaceStarts = meter.CreateCounter<long>(
            "berth.codespace.starts", null, "Starts of codespaces that came to an end, by outcome and cause");
        _collectorRuns = meter.CreateCounter<long>("berth.gc.runs", null, "Runs of the garbage collector, by outcome");
        _collected = meter.CreateCounter<long>("berth.gc.removed", null, "What the garbage collector removed, by kind");
        _bytesCollected = meter.CreateCounter<long>("berth.gc.blob", "By", "Bytes of the blobs that the garbage collector removed");
    }

    public void BlobReceived(long bytes) => _blobBytesReceived.Add(bytes);

    public void BlobSent(long bytes) => _blobBytesSent.Add(bytes);

    public void ManifestPushed() => _manifestsPushed.Add(1);

    public void ManifestPulled() => _manifestsPulled.Add(1);

    public void LoginFailed() => _loginFailures.Add(1);

    /// <param name="cause">What the start ended by: an enum of the codespaces.</param>
    public void CodespaceStarted<TOutcome, TCause>(TOutcome outcome, TCause cause)
        where TOutcome : struct, Enum
        where TCause : struct, Enum =>
        _codespaceStarts.Add(1, new("outcome", Word(outcome)), new("cause", Word(cause)));

    public void CollectorRan(bool succeeded) =>
        _collectorRuns.Add(1, new KeyValuePair<string, object?>("outcome", succeeded ? "succeeded" : "failed"));

    /// <param name="count">Zero is not counted.</param>
    public void Collected(string kind, int count)
    {
        if (count > 0)
        {
            _collected.Add(count, new KeyValuePair<string, object?>("kind", kind));
        }
    }

    public void BlobBytesCollected(long bytes) => _bytesCollected.Add(bytes);

    private static string Word<T>(T value)
        where T : struct, Enum => value.ToString().ToLowerInvariant();
}
