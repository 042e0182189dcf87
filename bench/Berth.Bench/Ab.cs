using System.Diagnostics;
using System.Globalization;
using System.Text.RegularExpressions;

namespace Berth.Bench;

/// <summary>
/// HEAD requests per second over 32 kept connections, counted by Apache's ab, because wrk waits for a body, which HEAD does not have.
/// </summary>
internal static partial class Ab
{
    public static async Task<double> HeadAsync(RegistryClient client, string url, CancellationToken cancellationToken)
    {
        List<string> arguments = ["-q", "-i", "-k", "-c", "32", "-t", Wrk.Seconds.ToString(CultureInfo.InvariantCulture), "-n", "10000000"];
        if (client.Authorization is not null)
        {
            arguments.AddRange(["-H", "Authorization: " + client.Authorization]);
        }

        arguments.Add(url);
        using var ab = Process.Start(
            new ProcessStartInfo("ab", arguments)
            {
                RedirectStandardOutput = true,
                RedirectStandardError = true,
                UseShellExecute = false,
            })!;
        var faults = ab.StandardError.ReadToEndAsync(cancellationToken);
        var output = await ab.StandardOutput.ReadToEndAsync(cancellationToken);
        await ab.WaitForExitAsync(cancellationToken);
        if (ab.ExitCode != 0 || output.Contains("Non-2xx", StringComparison.Ordinal) || Kept(output) < Requests(output) / 2)
        {
            throw new InvalidOperationException($"{url} does not answer every request over kept connections:\n{output}{await faults}");
        }

        return double.Parse(Rate().Match(output).Groups["rate"].Value, CultureInfo.InvariantCulture);
    }

    private static double Kept(string output) =>
        double.Parse(KeptCount().Match(output).Groups["count"].Value, CultureInfo.InvariantCulture);

    private static double Requests(string output) =>
        double.Parse(RequestCount().Match(output).Groups["count"].Value, CultureInfo.InvariantCulture);

    [GeneratedRegex(@"Requests per second:\s*(?<rate>[0-9.]+)", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Rate();

    [GeneratedRegex(@"Complete requests:\s*(?<count>[0-9]+)", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex RequestCount();

    [GeneratedRegex(@"Keep-Alive requests:\s*(?<count>[0-9]+)", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex KeptCount();
}
