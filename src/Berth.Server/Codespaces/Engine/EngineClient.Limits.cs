using System.Runtime.CompilerServices;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Berth.Server.Codespaces.Engine;

/// <summary>What containers that somebody else makes may use, and what they do use.</summary>
internal sealed partial class EngineClient
{
    /// <summary>Opens the engine's events; ids of containers that are made with the label come until the answer is disposed.</summary>
    public async Task<HttpResponseMessage> OpenCreationsAsync(string label, CancellationToken cancellationToken)
    {
        var filters = new JsonObject { ["type"] = new JsonArray("container"), ["event"] = new JsonArray("create"), ["label"] = new JsonArray(label) };
        using var request = new HttpRequestMessage(HttpMethod.Get, Relative($"events?filters={Uri.EscapeDataString(filters.ToJsonString())}"));
        return await SendAsync(request, cancellationToken);
    }

    public static async IAsyncEnumerable<string> CreationsAsync(HttpResponseMessage events, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        using var reader = new StreamReader(await events.Content.ReadAsStreamAsync(cancellationToken));
        while (await reader.ReadLineAsync(cancellationToken) is { } line)
        {
            using var document = JsonDocument.Parse(line);
            if (document.RootElement.GetProperty("Actor").GetProperty("ID").GetString() is { } id)
            {
                yield return id;
            }
        }
    }

    /// <summary>Running or not yet. A container that is gone is fine.</summary>
    public async Task LimitProcessesAsync(string id, int processes, CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, Relative($"containers/{id}/update")) { Content = JsonContent.Create(new JsonObject { ["PidsLimit"] = processes }) };
        using var response = await SendAsync(request, cancellationToken, missingIsFine: true);
    }

    /// <summary>What a container may use from now on, running or not.</summary>
    public async Task LimitAsync(string id, MachineLimits limits, CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, Relative($"containers/{id}/update"))
        {
            Content = JsonContent.Create(new JsonObject
            {
                ["NanoCpus"] = (long)(limits.Cpus * 1_000_000_000),
                ["Memory"] = limits.MemoryBytes,
                ["MemorySwap"] = limits.MemoryBytes,
                ["PidsLimit"] = limits.Processes,
            }),
        };
        using var response = await SendAsync(request, cancellationToken);
    }

    /// <summary>It has run, or is gone.</summary>
    public async Task<bool> IsOverAsync(string id, CancellationToken cancellationToken)
    {
        using var document = await FindAsync($"containers/{id}/json", cancellationToken);
        return document?.RootElement.GetProperty("State").GetProperty("Status").GetString() is not ("created" or "running");
    }

    /// <summary>Bytes in the container's own layer, null when it is gone. The engine counts file by file.</summary>
    public async Task<long?> WrittenAsync(string id, CancellationToken cancellationToken)
    {
        using var document = await FindAsync($"containers/{id}/json?size=1", cancellationToken);
        return document?.RootElement.TryGetProperty("SizeRw", out var size) == true && size.ValueKind == JsonValueKind.Number ? size.GetInt64() : null;
    }
}
