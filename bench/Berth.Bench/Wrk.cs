using System.Diagnostics;
using System.Globalization;
using System.Text.RegularExpressions;

namespace Berth.Bench;

/// <summary>GET requests per second of one URL over 32 connections, counted by wrk, which takes little from the shared machine.</summary>
internal static partial class Wrk
{
    public const int Seconds = 4;

    public static Task<double> GetAsync(
        RegistryClient client, string url, CancellationToken cancellationToken, int seconds = Seconds) =>
        GetAsync(url, client.Authorization, RegistryClient.ManifestType, cancellationToken, seconds);

    public static async Task<double> GetAsync(
        string url, string? authorization, string accept, CancellationToken cancellationToken, int seconds = Seconds)
    {
        List<string> arguments =
        [
            "-t1", "-c32", $"-d{seconds}s", "--timeout", "10s", "-H", "Accept: " + accept, "-H", "Accept-Encoding: gzip",
        ];
        if (authorization is not null)
        {
            arguments.AddRange(["-H", "Authorization: " + authorization]);
        }

        arguments.Add(url);
        using var wrk = Process.Start(new ProcessStartInfo("wrk", arguments) { RedirectStandardOutput = true, UseShellExecute = false })!;
        var output = await wrk.StandardOutput.ReadToEndAsync(cancellationToken);
        await wrk.WaitForExitAsync(cancellationToken);
        if (output.Contains("Non-2xx", StringComparison.Ordinal) || output.Contains("Socket errors", StringComparison.Ordinal))
        {
            throw new InvalidOperationException($"{url} does not answer every request:\n{output}");
        }

        return double.Parse(Rate().Match(output).Groups["rate"].Value, CultureInfo.InvariantCulture);
    }

    [GeneratedRegex(@"Requests/sec:\s*(?<rate>[0-9.]+)", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Rate();
}
