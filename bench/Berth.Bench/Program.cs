using Berth.Bench;

if (args is ["--help" or "-h"])
{
    Console.WriteLine(BenchOptions.Help);
    return 0;
}

if (!BenchOptions.TryParse(args, out var options, out var fault))
{
    Console.Error.WriteLine(fault);
    return 2;
}

using var stop = new CancellationTokenSource();
Console.CancelKeyPress += (_, pressed) =>
{
    pressed.Cancel = true;
    stop.Cancel();
};
var results = new List<RowResult>();
foreach (var row in AllRows.Chosen(options.Row))
{
    Console.Error.WriteLine($"{row.Name} ({row.Work})");
    results.Add(await RowRunner.RunAsync(row, options, stop.Token));
    Console.Error.WriteLine("  " + Report.Line(results[^1]));
}

await Report.WriteAsync(results, options, stop.Token);
return 0;
