using System.Formats.Tar;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Berth.Server.Codespaces.Engine;

/// <summary>How a container does.</summary>
/// <param name="Health"><c>starting</c>, <c>healthy</c>, <c>unhealthy</c>; null without a check.</param>
internal sealed record EngineState(bool Running, int ExitCode, string? Health);

/// <summary>Calls about containers that Berth makes by itself, and volumes.</summary>
internal sealed partial class EngineClient
{
    /// <returns>The container's id.</returns>
    public async Task<string> CreateContainerAsync(string name, JsonObject body, CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, Relative("containers/create?name=" + Uri.EscapeDataString(name))) { Content = JsonContent.Create(body) };
        using var response = await SendAsync(request, cancellationToken);
        using var document = JsonDocument.Parse(await response.Content.ReadAsByteArrayAsync(cancellationToken));
        return document.RootElement.GetProperty("Id").GetString()!;
    }

    /// <summary>Null when it is gone.</summary>
    public async Task<EngineState?> StateAsync(string nameOrId, CancellationToken cancellationToken)
    {
        using var document = await FindAsync($"containers/{Uri.EscapeDataString(nameOrId)}/json", cancellationToken);
        if (document is null)
        {
            return null;
        }

        var state = document.RootElement.GetProperty("State");
        var health = state.TryGetProperty("Health", out var check) && check.ValueKind == JsonValueKind.Object ? check.GetProperty("Status").GetString() : null;
        return new EngineState(state.GetProperty("Running").GetBoolean(), state.GetProperty("ExitCode").GetInt32(), health is "none" or "" ? null : health);
    }

    /// <summary>The folder in which an image's processes start; null when it names none.</summary>
    public async Task<string?> ImageFolderAsync(string reference, CancellationToken cancellationToken)
    {
        using var document = await FindAsync($"images/{reference}/json", cancellationToken);
        return document is not null && document.RootElement.GetProperty("Config").TryGetProperty("WorkingDir", out var folder) ? folder.GetString() : null;
    }

    /// <summary>The text of a file in a container, running or not; null when there is no such file, or it is larger.</summary>
    public async Task<string?> ReadFileAsync(string container, string path, int maxBytes, CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, Relative($"containers/{container}/archive?path={Uri.EscapeDataString(path)}"));
        using var response = await SendAsync(request, cancellationToken, missingIsFine: true);
        if (!response.IsSuccessStatusCode)
        {
            return null;
        }

        await using var tar = new TarReader(await response.Content.ReadAsStreamAsync(cancellationToken));
        if (await tar.GetNextEntryAsync(cancellationToken: cancellationToken) is not { DataStream: { } data } entry || entry.Length > maxBytes)
        {
            return null;
        }

        using var reader = new StreamReader(data);
        return await reader.ReadToEndAsync(cancellationToken);
    }

    /// <summary>The last lines that a container printed.</summary>
    public async Task<IReadOnlyList<string>> LastLinesAsync(string nameOrId, int count, CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, Relative($"containers/{Uri.EscapeDataString(nameOrId)}/logs?stdout=1&stderr=1&tail={count}"));
        using var response = await SendAsync(request, cancellationToken, missingIsFine: true);
        if (!response.IsSuccessStatusCode)
        {
            return [];
        }

        var text = new StringBuilder();
        await EngineFrames.ReadAsync(
            await response.Content.ReadAsStreamAsync(cancellationToken),
            (_, piece) =>
            {
                // A line may be as long as its writer likes.
                text.Append(Encoding.UTF8.GetString(piece.Span[..Math.Min(piece.Length, 1000)]));
                return Task.CompletedTask;
            },
            cancellationToken);
        return text.ToString().Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
    }

    /// <summary>A volume that is a folder of the host; one that exists stays as it is.</summary>
    public async Task CreateVolumeAsync(string name, string folder, IReadOnlyDictionary<string, string> labels, CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, Relative("volumes/create"))
        {
            Content = JsonContent.Create(new JsonObject
            {
                ["Name"] = name,
                ["Driver"] = "local",
                ["DriverOpts"] = new JsonObject { ["type"] = "none", ["o"] = "bind", ["device"] = folder },
                ["Labels"] = new JsonObject([.. labels.Select(label => KeyValuePair.Create(label.Key, (JsonNode?)label.Value))]),
            }),
        };
        using var response = await SendAsync(request, cancellationToken);
    }

    public async Task<IReadOnlyList<string>> VolumesAsync(IReadOnlyDictionary<string, string> labels, CancellationToken cancellationToken)
    {
        var filters = new JsonObject { ["label"] = new JsonArray([.. labels.Select(label => JsonValue.Create($"{label.Key}={label.Value}"))]) };
        using var request = new HttpRequestMessage(HttpMethod.Get, Relative($"volumes?filters={Uri.EscapeDataString(filters.ToJsonString())}"));
        using var response = await SendAsync(request, cancellationToken);
        using var document = JsonDocument.Parse(await response.Content.ReadAsByteArrayAsync(cancellationToken));
        return document.RootElement.TryGetProperty("Volumes", out var volumes) && volumes.ValueKind == JsonValueKind.Array
            ? [.. volumes.EnumerateArray().Select(volume => volume.GetProperty("Name").GetString()!)] : [];
    }

    /// <summary>A volume that is gone is fine.</summary>
    public async Task RemoveVolumeAsync(string name, CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(HttpMethod.Delete, Relative($"volumes/{Uri.EscapeDataString(name)}"));
        using var response = await SendAsync(request, cancellationToken, missingIsFine: true);
    }
}
