using System.Diagnostics;
using Berth.Client.Wire;

namespace Berth.Bench.Rows;

/// <summary>The time from the request to start a stopped codespace until people can work in it, compared with making one by hand.</summary>
internal sealed class RestartRow : CodespaceRow
{
    private string _name = "";

    public override string Name => "codespace-restart";

    public override string Work => "codespace start after a stop";

    public override double Target => 0.5;

    protected override async Task PreparePeerAsync(CancellationToken cancellationToken)
    {
        await base.PreparePeerAsync(cancellationToken);
        var codespace = await Client.CreateCodespaceAsync(Repository, new NewCodespace(), cancellationToken);
        await UntilAsync(codespace, "Available", cancellationToken);
        _name = codespace.Name;
    }

    public override async Task<double> MeasureBerthAsync(int round, CancellationToken cancellationToken)
    {
        await UntilAsync(await Client.StopCodespaceAsync(_name, cancellationToken), "Shutdown", cancellationToken);
        var begin = Stopwatch.GetTimestamp();
        await UntilAsync(await Client.StartCodespaceAsync(_name, cancellationToken), "Available", cancellationToken);
        return Stopwatch.GetElapsedTime(begin).TotalSeconds;
    }

    public override async ValueTask DisposeAsync()
    {
        if (_name.Length > 0)
        {
            await DeleteAsync(_name, CancellationToken.None);
        }

        await base.DisposeAsync();
    }
}
