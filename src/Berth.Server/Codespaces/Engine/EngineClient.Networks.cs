using System.Net;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Berth.Server.Codespaces.Engine;

/// <content>Networks and volumes.</content>
internal sealed partial class EngineClient
{
    private const string BridgeName = "com.docker.network.bridge.name";

    public async Task<IReadOnlyList<EngineNetwork>> NetworksAsync(CancellationToken cancellationToken)
    {
        using var document = await _http.ReadAsync("networks", cancellationToken);
        return [.. document.RootElement.EnumerateArray().Select(NetworkOf)];
    }

    public Task CreateNetworkAsync(
        string name, string bridge, string subnet, IReadOnlyDictionary<string, string> labels, CancellationToken cancellationToken)
    {
        var body = new JsonObject
        {
            ["Name"] = name,
            ["Driver"] = "bridge",
            ["CheckDuplicate"] = true,
            ["EnableIPv6"] = false,
            ["IPAM"] = new JsonObject { ["Config"] = new JsonArray(new JsonObject { ["Subnet"] = subnet }) },
            ["Options"] = new JsonObject { [BridgeName] = bridge },
            ["Labels"] = EngineHttp.Map(labels),
        };
        return _http.CallAsync(HttpMethod.Post, "networks/create", body, cancellationToken);
    }

    public Task RemoveNetworkAsync(string id, CancellationToken cancellationToken) =>
        _http.CallAsync(HttpMethod.Delete, $"networks/{Uri.EscapeDataString(id)}", null, cancellationToken, HttpStatusCode.NotFound);

    public Task CreateVolumeAsync(
        string name, string folder, IReadOnlyDictionary<string, string> labels, CancellationToken cancellationToken)
    {
        var body = new JsonObject
        {
            ["Name"] = name,
            ["Driver"] = "local",
            ["DriverOpts"] = new JsonObject { ["type"] = "none", ["o"] = "bind", ["device"] = folder },
            ["Labels"] = EngineHttp.Map(labels),
        };
        return _http.CallAsync(HttpMethod.Post, "volumes/create", body, cancellationToken);
    }

    public async Task<IReadOnlyList<string>> VolumesAsync(IReadOnlyDictionary<string, string> labels, CancellationToken cancellationToken)
    {
        using var document = await _http.ReadAsync($"volumes?{EngineHttp.LabelFilters(labels)}", cancellationToken);
        return document.RootElement.TryGetProperty("Volumes", out var volumes) && volumes.ValueKind == JsonValueKind.Array
            ? [.. volumes.EnumerateArray().Select(volume => volume.GetProperty("Name").GetString()!)] : [];
    }

    public Task RemoveVolumeAsync(string name, CancellationToken cancellationToken) =>
        _http.CallAsync(HttpMethod.Delete, $"volumes/{Uri.EscapeDataString(name)}", null, cancellationToken, HttpStatusCode.NotFound);

    private static EngineNetwork NetworkOf(JsonElement network)
    {
        var bridge = network.TryGetProperty("Options", out var options)
            && options.ValueKind == JsonValueKind.Object
            && options.TryGetProperty(BridgeName, out var name)
            ? name.GetString() : null;
        var subnets = network.TryGetProperty("IPAM", out var ipam)
            && ipam.TryGetProperty("Config", out var config)
            && config.ValueKind == JsonValueKind.Array
            ? config.EnumerateArray()
                .Select(entry => entry.TryGetProperty("Subnet", out var subnet) ? subnet.GetString() : null)
                .OfType<string>()
            : [];
        return new EngineNetwork(
            network.GetProperty("Id").GetString()!, network.GetProperty("Name").GetString()!, bridge, [.. subnets],
            EngineHttp.LabelsOf(network));
    }
}
