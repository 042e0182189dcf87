using System.Text.Json;
using System.Text.Json.Nodes;

namespace Berth.Server.Codespaces.Engine;

/// <summary>A network of the engine.</summary>
/// <param name="Bridge">The name of its interface on the host, where it was chosen.</param>
/// <param name="Subnets">In CIDR notation.</param>
internal sealed record EngineNetwork(string Id, string Name, string? Bridge, IReadOnlyList<string> Subnets, IReadOnlyDictionary<string, string> Labels);

/// <summary>What the engine says about itself that matters here.</summary>
/// <param name="RemapsUsers">Root in a container is nobody outside (dockerd's userns-remap).</param>
/// <param name="FirstUser">What a container's user 0 is outside: 0 without remapping.</param>
/// <param name="Folder">Where images and containers lie on the engine's machine.</param>
internal sealed record EngineFacts(bool RemapsUsers, int FirstUser, string Folder);

/// <summary>Calls about networks and the engine itself.</summary>
internal sealed partial class EngineClient
{
    private const string BridgeName = "com.docker.network.bridge.name";

    public async Task<IReadOnlyList<EngineNetwork>> NetworksAsync(CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, Relative("networks"));
        using var response = await SendAsync(request, cancellationToken);
        using var document = JsonDocument.Parse(await response.Content.ReadAsByteArrayAsync(cancellationToken));
        return [.. document.RootElement.EnumerateArray().Select(NetworkOf)];
    }

    /// <summary>A bridge without IPv6, in which containers reach each other.</summary>
    /// <exception cref="EngineException">The name is taken, or the addresses overlap with another network's.</exception>
    public async Task CreateNetworkAsync(string name, string bridge, string subnet, IReadOnlyDictionary<string, string> labels, CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, Relative("networks/create"))
        {
            Content = JsonContent.Create(new JsonObject
            {
                ["Name"] = name,
                ["Driver"] = "bridge",
                ["CheckDuplicate"] = true,
                ["EnableIPv6"] = false,
                ["IPAM"] = new JsonObject { ["Config"] = new JsonArray(new JsonObject { ["Subnet"] = subnet }) },
                ["Options"] = new JsonObject { [BridgeName] = bridge },
                ["Labels"] = new JsonObject([.. labels.Select(label => KeyValuePair.Create(label.Key, (JsonNode?)label.Value))]),
            }),
        };
        using var response = await SendAsync(request, cancellationToken);
    }

    /// <summary>A network that is gone is fine.</summary>
    public async Task RemoveNetworkAsync(string id, CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(HttpMethod.Delete, Relative($"networks/{Uri.EscapeDataString(id)}"));
        using var response = await SendAsync(request, cancellationToken, missingIsFine: true);
    }

    public async Task<EngineFacts> FactsAsync(CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, Relative("info"));
        using var response = await SendAsync(request, cancellationToken);
        using var document = JsonDocument.Parse(await response.Content.ReadAsByteArrayAsync(cancellationToken));
        var info = document.RootElement;
        var remaps = info.TryGetProperty("SecurityOptions", out var options) && options.ValueKind == JsonValueKind.Array
            && options.EnumerateArray().Any(option => option.GetString() == "name=userns");

        // dockerd keeps what remapped containers consist of in a folder that is named after the first user and group: /var/lib/docker/100000.100000.
        var folder = info.TryGetProperty("DockerRootDir", out var root) ? root.GetString() ?? "" : "";
        return new EngineFacts(remaps, remaps && int.TryParse(Path.GetFileName(folder).Split('.')[0], out var first) ? first : 0, folder);
    }

    private static EngineNetwork NetworkOf(JsonElement network)
    {
        var bridge = network.TryGetProperty("Options", out var options) && options.ValueKind == JsonValueKind.Object && options.TryGetProperty(BridgeName, out var name)
            ? name.GetString() : null;
        var subnets = network.TryGetProperty("IPAM", out var ipam) && ipam.TryGetProperty("Config", out var config) && config.ValueKind == JsonValueKind.Array
            ? config.EnumerateArray().Select(entry => entry.TryGetProperty("Subnet", out var subnet) ? subnet.GetString() : null).OfType<string>() : [];
        return new EngineNetwork(network.GetProperty("Id").GetString()!, network.GetProperty("Name").GetString()!, bridge, [.. subnets], LabelsOf(network));
    }
}
