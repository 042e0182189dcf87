using System.Globalization;

namespace Berth.Server.Codespaces.Engine;

/// <summary>The engine's answer to a request to stop speaking HTTP on a connection.</summary>
/// <param name="Status">502 when the answer made no sense.</param>
/// <param name="Length">How many bytes of the body are read: as many as the head announces, up to a limit.</param>
internal sealed record UpgradeAnswer(int Status, EngineReader Reader, int Length)
{
    private const int MostBodyBytes = 1024 * 1024;

    public static async Task<UpgradeAnswer> ReadAsync(Stream engine, CancellationToken cancellationToken)
    {
        var reader = new EngineReader(engine);
        var head = (await reader.ReadHeadAsync(cancellationToken)).Split("\r\n");
        var status = head[0].Split(' ') is [_, var code, ..]
            && int.TryParse(code, NumberStyles.None, CultureInfo.InvariantCulture, out var number)
            ? number
            : 502;
        var length = head.Where(line => line.StartsWith("Content-Length:", StringComparison.OrdinalIgnoreCase))
            .Select(
                line =>
                    int.TryParse(line["Content-Length:".Length..].Trim(), NumberStyles.None, CultureInfo.InvariantCulture, out var bytes)
                        ? bytes
                        : 0)
            .FirstOrDefault();
        return new UpgradeAnswer(status, reader, Math.Min(length, MostBodyBytes));
    }

    /// <summary>The body of an answer that refuses the upgrade.</summary>
    public Task<byte[]> BodyAsync(CancellationToken cancellationToken) => Reader.ReadAsync(Length, cancellationToken);
}
