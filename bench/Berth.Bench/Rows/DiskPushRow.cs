using System.Diagnostics;

namespace Berth.Bench.Rows;

/// <summary>Compares a push with what the disk stores durably: dd writes as many bytes to the same file system and syncs them.</summary>
internal sealed class DiskPushRow : Row
{
    private readonly BigBlob _blob = new();
    private BerthServer? _berth;

    public override string Name => "upload-disk";

    public override string Work => "blob push, 200 MB, beside the disk";

    public override string Unit => "MB/s";

    public override double Target => 0.9;

    public override string Peer => "dd conv=fsync";

    private string Source => Path.Combine(_berth!.Folder, "dd-source");

    public override async Task PrepareAsync(BenchOptions options, CancellationToken cancellationToken)
    {
        _berth = new BerthServer(Path.Combine(options.Work, "upload-disk-berth"), options.ServerDll);
        await _berth.StartAsync(cancellationToken);
        var (content, _) = _blob.Next();
        await File.WriteAllBytesAsync(Source, content, cancellationToken);
        await MeasureBerthAsync(-1, cancellationToken);
        await MeasurePeerAsync(-1, cancellationToken);
    }

    public override async Task<double> MeasureBerthAsync(int round, CancellationToken cancellationToken)
    {
        var client = await RegistryClient.OpenAsync(_berth!, "big", cancellationToken);
        var (content, digest) = _blob.Next();
        var clock = Stopwatch.StartNew();
        await client.PushBlobAsync(content, digest, cancellationToken);
        return BigBlob.Size / 1e6 / clock.Elapsed.TotalSeconds;
    }

    public override async Task<double?> MeasurePeerAsync(int round, CancellationToken cancellationToken)
    {
        var target = Path.Combine(_berth!.Folder, "dd-target");
        var clock = Stopwatch.StartNew();
        string[] arguments = ["if=" + Source, "of=" + target, "bs=1M", "conv=fsync", "status=none"];
        using var dd = Process.Start(new ProcessStartInfo("dd", arguments) { UseShellExecute = false })!;
        await dd.WaitForExitAsync(cancellationToken);
        var seconds = clock.Elapsed.TotalSeconds;
        File.Delete(target);
        return dd.ExitCode == 0 ? BigBlob.Size / 1e6 / seconds : throw new InvalidOperationException($"dd ends with {dd.ExitCode}");
    }

    public override async ValueTask DisposeAsync() => await (_berth?.DisposeAsync() ?? ValueTask.CompletedTask);
}
