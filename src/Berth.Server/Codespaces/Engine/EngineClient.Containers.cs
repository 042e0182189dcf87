using System.Net;
using System.Runtime.CompilerServices;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Berth.Server.Codespaces.Engine;

/// <content>Containers.</content>
internal sealed partial class EngineClient
{
    private static readonly TimeSpan RemovalPatience = TimeSpan.FromMinutes(1);

    public async Task<string> CreateContainerAsync(string name, JsonObject body, CancellationToken cancellationToken)
    {
        using var document = await _http.ReadAsync(
            HttpMethod.Post, "containers/create?name=" + Uri.EscapeDataString(name), body, cancellationToken);
        return document.RootElement.GetProperty("Id").GetString()!;
    }

    public async Task<EngineContainer?> ContainerAsync(string nameOrId, CancellationToken cancellationToken)
    {
        using var document = await _http.FindAsync($"containers/{Uri.EscapeDataString(nameOrId)}/json", cancellationToken);
        return document is null ? null : ContainerOf(document.RootElement);
    }

    public async Task<IReadOnlyList<EngineListed>> ContainersAsync(
        IReadOnlyDictionary<string, string> labels, CancellationToken cancellationToken)
    {
        using var document = await _http.ReadAsync($"containers/json?all=1&{EngineHttp.LabelFilters(labels)}", cancellationToken);
        return [.. document.RootElement.EnumerateArray().Select(ListedOf)];
    }

    public Task StartAsync(string id, CancellationToken cancellationToken) =>
        _http.CallAsync(HttpMethod.Post, $"containers/{id}/start", null, cancellationToken);

    public Task StopAsync(string id, TimeSpan grace, CancellationToken cancellationToken) =>
        _http.CallAsync(
            HttpMethod.Post, $"containers/{id}/stop?t={(int)grace.TotalSeconds}", null, cancellationToken, HttpStatusCode.NotFound);

    public async Task RenameAsync(string id, string name, CancellationToken cancellationToken)
    {
        using var document = await _http.FindAsync($"containers/{id}/json", cancellationToken);
        if (document is not null && document.RootElement.GetProperty("Name").GetString()?.TrimStart('/') != name)
        {
            await _http.CallAsync(
                HttpMethod.Post, $"containers/{id}/rename?name={Uri.EscapeDataString(name)}", null, cancellationToken,
                HttpStatusCode.NotFound);
        }
    }

    public async Task RemoveAsync(string id, CancellationToken cancellationToken)
    {
        using var response = await _http.SendAsync(
            HttpMethod.Delete, $"containers/{id}?force=1&v=1", null, cancellationToken, HttpStatusCode.NotFound, HttpStatusCode.Conflict);
        if (response.StatusCode == HttpStatusCode.Conflict)
        {
            await UntilRemovedAsync(id, cancellationToken);
        }
    }

    /// <summary>
    /// Waits while another request removes the container. The answer's head comes at once, and its body when the container is gone.
    /// </summary>
    private async Task UntilRemovedAsync(string id, CancellationToken cancellationToken)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        patience.CancelAfter(RemovalPatience);
        try
        {
            using var response = await _http.SendAsync(
                HttpMethod.Post, $"containers/{id}/wait?condition=removed", null, patience.Token, HttpStatusCode.NotFound);
            await response.Content.ReadAsByteArrayAsync(patience.Token);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw new EngineException((int)HttpStatusCode.Conflict, $"the removal of container {id} has begun and does not end");
        }
    }

    public Task LimitProcessesAsync(string id, int processes, CancellationToken cancellationToken) =>
        _http.CallAsync(
            HttpMethod.Post, $"containers/{id}/update", new JsonObject { ["PidsLimit"] = processes }, cancellationToken,
            HttpStatusCode.NotFound);

    public Task LimitAsync(string id, double cpus, long memoryBytes, int processes, CancellationToken cancellationToken)
    {
        var body = new JsonObject
        {
            ["NanoCpus"] = (long)(cpus * 1_000_000_000),
            ["Memory"] = memoryBytes,
            ["MemorySwap"] = memoryBytes,
            ["PidsLimit"] = processes,
        };
        return _http.CallAsync(HttpMethod.Post, $"containers/{id}/update", body, cancellationToken);
    }

    public async Task<long?> WrittenAsync(string id, CancellationToken cancellationToken)
    {
        using var document = await _http.FindAsync($"containers/{id}/json?size=1", cancellationToken);
        return document?.RootElement.TryGetProperty("SizeRw", out var size) == true && size.ValueKind == JsonValueKind.Number
            ? size.GetInt64()
            : null;
    }

    public async Task<IReadOnlyList<string>> LastLinesAsync(string nameOrId, int count, CancellationToken cancellationToken)
    {
        var target = $"containers/{Uri.EscapeDataString(nameOrId)}/logs?stdout=1&stderr=1&tail={count}";
        using var response = await _http.SendAsync(HttpMethod.Get, target, null, cancellationToken, HttpStatusCode.NotFound);
        if (!response.IsSuccessStatusCode)
        {
            return [];
        }

        var text = new StringBuilder();
        await EngineFrames.ReadAsync(
            await response.Content.ReadAsStreamAsync(cancellationToken),
            (_, piece) =>
            {
                // Cut it, since a line may have any length.
                text.Append(Encoding.UTF8.GetString(piece.Span[..Math.Min(piece.Length, 1000)]));
                return Task.CompletedTask;
            },
            cancellationToken);
        return text.ToString().Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
    }

    public async Task<IAsyncEnumerable<string>> CreationsAsync(CancellationToken cancellationToken)
    {
        var filters = new JsonObject { ["type"] = new JsonArray("container"), ["event"] = new JsonArray("create") };
        return ReadCreationsAsync(
            await _http.SendAsync(HttpMethod.Get, $"events?{EngineHttp.Filters(filters)}", null, cancellationToken),
            CancellationToken.None);
    }

    private static async IAsyncEnumerable<string> ReadCreationsAsync(
        HttpResponseMessage events, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        using (events)
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
    }

    private static EngineListed ListedOf(JsonElement container)
    {
        var names = container.TryGetProperty("Names", out var given) && given.ValueKind == JsonValueKind.Array
            ? given.EnumerateArray().Select(name => (name.GetString() ?? "").TrimStart('/'))
            : [];

        // A name with another slash in it is a link from another container.
        return new EngineListed(
            container.GetProperty("Id").GetString()!, names.FirstOrDefault(name => !name.Contains('/', StringComparison.Ordinal)) ?? "",
            Text(container, "State") == "running", EngineHttp.LabelsOf(container));
    }

    private static EngineContainer ContainerOf(JsonElement container)
    {
        var (state, config) = (container.GetProperty("State"), container.GetProperty("Config"));
        var environment = config.TryGetProperty("Env", out var env) && env.ValueKind == JsonValueKind.Array
            ? env.EnumerateArray().Select(entry => entry.GetString() ?? "")
            : [];
        var health = state.TryGetProperty("Health", out var check) && check.ValueKind == JsonValueKind.Object
            ? check.GetProperty("Status").GetString()
            : null;
        return new EngineContainer(
            container.GetProperty("Id").GetString()!, state.GetProperty("Running").GetBoolean(), state.GetProperty("ExitCode").GetInt32(),
            EngineHttp.LabelsOf(config),
            [.. environment])
        {
            HasEnded = Text(state, "Status") is not ("created" or "running"),
            Pid = state.TryGetProperty("Pid", out var pid) && pid.TryGetInt32(out var number) ? number : 0,
            Fault = Text(state, "Error"),
            StartedAt = Text(state, "StartedAt"),
            Address = AddressOf(container),
            Layer = LayerOf(container),
            VolumeFolders = container.TryGetProperty("Mounts", out var mounts) && mounts.ValueKind == JsonValueKind.Array
                ? [.. mounts.EnumerateArray().Where(mount => Text(mount, "Type") == "volume").Select(mount => Text(mount, "Source"))]
                : [],
            Health = health is "none" or "" ? null : health,
            HealthOutput = check.ValueKind == JsonValueKind.Object && check.TryGetProperty("Log", out var checks)
                && checks.ValueKind == JsonValueKind.Array && checks.GetArrayLength() > 0
                ? Text(checks[checks.GetArrayLength() - 1], "Output")
                : "",
            CgroupParent = container.TryGetProperty("HostConfig", out var host) ? Text(host, "CgroupParent") : "",
        };
    }

    private static string? LayerOf(JsonElement container) =>
        container.TryGetProperty("GraphDriver", out var driver)
            && Text(driver, "Name") == "overlay2"
            && driver.TryGetProperty("Data", out var data)
            && data.ValueKind == JsonValueKind.Object
            && Text(data, "UpperDir") is { Length: > 0 } upper
            ? Path.GetDirectoryName(upper)
            : null;

    private static string? AddressOf(JsonElement container) =>
        container.TryGetProperty("NetworkSettings", out var settings)
            && settings.TryGetProperty("Networks", out var networks)
            && networks.ValueKind == JsonValueKind.Object
            ? networks.EnumerateObject()
                .Select(network => network.Value.ValueKind == JsonValueKind.Object ? Text(network.Value, "IPAddress") : "")
                .FirstOrDefault(address => address.Length > 0)
            : null;

    private static string Text(JsonElement element, string name) =>
        element.TryGetProperty(name, out var value) ? value.GetString() ?? "" : "";
}
