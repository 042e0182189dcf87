using System.Formats.Tar;
using System.Net;
using System.Text.Json.Nodes;

namespace Berth.Server.Codespaces.Engine;

/// <content>Files of images.</content>
internal sealed partial class EngineClient
{
    public async Task<string?> ReadFileAsync(
        string image, string path, int maxBytes, string container, IReadOnlyDictionary<string, string> labels,
        CancellationToken cancellationToken)
    {
        var body = new JsonObject
        {
            ["Image"] = image,
            ["Cmd"] = new JsonArray("true"),
            ["Labels"] = EngineHttp.Map(labels),
            ["HostConfig"] = new JsonObject { ["NetworkMode"] = "none" },
        };
        await RemoveAsync(container, cancellationToken);

        // The container is never started, and its id does not leave this method: archives are only read from containers that never ran.
        var id = await CreateContainerAsync(container, body, cancellationToken);
        try
        {
            return await ReadFileAsync(id, path, maxBytes, cancellationToken);
        }
        finally
        {
            await RemoveAsync(id, CancellationToken.None);
        }
    }

    private async Task<string?> ReadFileAsync(string id, string path, int maxBytes, CancellationToken cancellationToken)
    {
        using var response = await _http.SendAsync(
            HttpMethod.Get, $"containers/{id}/archive?path={Uri.EscapeDataString(path)}", null, cancellationToken, HttpStatusCode.NotFound);
        if (!response.IsSuccessStatusCode)
        {
            return null;
        }

        await using var tar = new TarReader(await response.Content.ReadAsStreamAsync(cancellationToken));
        if (await tar.GetNextEntryAsync(cancellationToken: cancellationToken) is not { DataStream: { } data } entry
            || entry.Length > maxBytes)
        {
            return null;
        }

        using var reader = new StreamReader(data);
        return await reader.ReadToEndAsync(cancellationToken);
    }
}
