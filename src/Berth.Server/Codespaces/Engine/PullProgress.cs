using System.Text.Json;
using Berth.Server.Json;

namespace Berth.Server.Codespaces.Engine;

/// <summary>
/// One line of a pull: what happens to which layer, with bytes if the engine counts them, or the error that ends the pull.
/// </summary>
internal sealed record PullProgress(string Status, string? Layer, long? Current, long? Total, string? Error)
{
    public static PullProgress Parse(string line)
    {
        try
        {
            using var document = OutsideJson.Parse(line, default);
            var root = document.RootElement;
            var detail = root.ObjectOf("progressDetail");
            return new PullProgress(
                root.TextOf("status") ?? "", root.TextOf("id"), Number(detail, "current"), Number(detail, "total"),
                root.ValueKind == JsonValueKind.Object && root.TryGetProperty("errorDetail", out var error)
                    ? error.TextOf("message") ?? "the pull failed"
                    : root.TextOf("error"));
        }
        catch (OutsideJsonException)
        {
            return new PullProgress("", null, null, null, "the engine's progress could not be read");
        }
    }

    private static long? Number(JsonElement element, string name) =>
        element.ValueKind == JsonValueKind.Object
            && element.TryGetProperty(name, out var value)
            && value.ValueKind == JsonValueKind.Number
            && value.TryGetInt64(out var number)
            ? number
            : null;
}

/// <summary>Reduces the many lines of a pull to a few: the sum of all layers, whenever it has grown by a tenth.</summary>
internal sealed class PullSummary
{
    private readonly Dictionary<string, (long Current, long Total)> _layers = new(StringComparer.Ordinal);
    private int _said = -1;

    /// <returns>A line worth logging, or null.</returns>
    public string? Add(PullProgress update)
    {
        if (update is { Status: "Downloading", Layer: { } layer, Current: { } current, Total: { } total } && total > 0)
        {
            _layers[layer] = (current, total);
        }
        else if (update is { Status: "Download complete" or "Pull complete", Layer: { } done } && _layers.TryGetValue(done, out var known))
        {
            _layers[done] = (known.Total, known.Total);
        }
        else
        {
            return update.Status is "Already exists" or "Pull complete" && update.Layer is not null
                ? $"layer {update.Layer}: {update.Status}"
                : update.Layer is null && update.Status.StartsWith("Status: ", StringComparison.Ordinal)
                ? update.Status["Status: ".Length..]
                : null;
        }

        var (sum, all) = _layers.Values.Aggregate((0L, 0L), (a, l) => (a.Item1 + l.Current, a.Item2 + l.Total));
        var tenth = (int)(sum * 10 / all);
        if (tenth == _said)
        {
            return update.Status == "Pull complete" ? $"layer {update.Layer}: {update.Status}" : null;
        }

        _said = tenth;
        return $"downloaded {sum / 1e6:0.0} of {all / 1e6:0.0} MB";
    }
}
