using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;

namespace Berth.Bench;

/// <summary>Prints the table, and writes it to bench/results with a description of the machine.</summary>
internal static class Report
{
    public static string Line(RowResult result) => string.Create(CultureInfo.InvariantCulture,
        $"{result.Row.Work}: Berth {Number(result.BerthMedian)} {result.Row.Unit}, {result.Row.Peer} {Number(result.PeerMedian)}, "
        + $"ratio {Number(result.Ratio)}, target {Target(result.Row)}: {(result.Reached ? "reached" : "missed")}");

    public static async Task WriteAsync(IReadOnlyList<RowResult> results, BenchOptions options, CancellationToken cancellationToken)
    {
        var text = Table(results, options);
        Console.WriteLine(text);
        var folder = Path.Combine(options.Root, "bench", "results");
        Directory.CreateDirectory(folder);
        var name = TimeProvider.System.GetUtcNow().ToString("yyyy-MM-dd-HHmm", CultureInfo.InvariantCulture)
            + (options.Row is null ? "" : "-" + options.Row);
        await File.WriteAllTextAsync(Path.Combine(folder, name + ".md"), text, cancellationToken);
    }

    private static string Table(IReadOnlyList<RowResult> results, BenchOptions options)
    {
        var table = new StringBuilder();
        table.AppendLine("# Berth beside Debian's docker-registry").AppendLine();
        table.AppendLine($"{TimeProvider.System.GetUtcNow():yyyy-MM-dd HH:mm} UTC, {Environment.ProcessorCount} cores ({Processor()}), "
            + $"{RuntimeInformation.OSDescription}, .NET {Environment.Version}. Medians of {options.Rounds} rounds, interleaved. "
            + "Berth with authentication and fsync on, embedded defaults; docker-registry without authentication.").AppendLine();
        table.AppendLine("| work | Berth | peer | ratio | target | |");
        table.AppendLine("| --- | ---: | ---: | ---: | ---: | --- |");
        foreach (var result in results)
        {
            var row = result.Row;
            table.AppendLine(
                $"| {row.Work} | {Number(result.BerthMedian)} {row.Unit} | "
                    + $"{(result.PeerMedian is null ? "–" : $"{Number(result.PeerMedian)} ({row.Peer})")} "
                    + $"| {Number(result.Ratio)} | {Target(row)} | {(result.Reached ? "reached" : "**missed**")} |");
        }

        return table.ToString();
    }

    private static string Target(Row row) =>
        row.Absolute ? $"≤ {Number(row.Target)} {row.Unit}" : $"{(row.AtMost ? "≤" : "≥")} {Number(row.Target)}×";

    private static string Number(double? value) => value switch
    {
        null => "–",
        >= 100 => value.Value.ToString("N0", CultureInfo.InvariantCulture),
        >= 10 => value.Value.ToString("0.0", CultureInfo.InvariantCulture),
        _ => value.Value.ToString("0.00", CultureInfo.InvariantCulture),
    };

    private static string Processor()
    {
        var line = File.ReadLines("/proc/cpuinfo").FirstOrDefault(text => text.StartsWith("model name", StringComparison.Ordinal));
        return line?.Split(':', 2)[1].Trim() ?? RuntimeInformation.ProcessArchitecture.ToString();
    }
}
